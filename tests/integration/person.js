// Somebody at a window: what they do, and what they wait for. Nothing sleeps: every wait has a condition and a limit.
import { By, Key } from 'selenium-webdriver';
import { watchPage } from './watch.js';

const MOST_MS = 60_000;
const quoted = (text) => (text.includes("'") ? `"${text}"` : `'${text}'`);
const byWords = (tag, words) => By.xpath(`//${tag}[normalize-space()=${quoted(words)}]`);

export class Person {
  constructor(driver, handle, url) {
    Object.assign(this, { driver, handle, url });
  }

  /** In a window (or a tab) of their own. `settings`: of locale and theme, as the page keeps them. */
  static async come({ driver }, url, { user, as = 'window', settings = { locale: 'en' } }) {
    await driver.switchTo().newWindow(as);
    const person = new Person(driver, await driver.getWindowHandle(), url);
    await driver.get(new URL('/config.json', url).href);
    await driver.executeScript('localStorage.setItem("settings", arguments[0])', JSON.stringify(settings));
    await person.load();
    if (user) await person.signIn(user);
    return person;
  }

  async here() {
    await this.driver.switchTo().window(this.handle);
  }

  async load(path = '/') {
    await this.here();
    await this.driver.get(new URL(path, this.url).href);
    await watchPage(this.driver);
  }

  /** After the page has led elsewhere and back by itself. */
  async watch() {
    await this.here();
    await watchPage(this.driver);
  }

  async reload() {
    await this.here();
    await this.driver.navigate().refresh();
    await watchPage(this.driver);
  }

  /** Until `look` gives something true; elements that went away meanwhile are looked for again. */
  async until(what, look) {
    await this.here();
    const again = async () => {
      try {
        return await look();
      } catch (error) {
        if (/StaleElement|NoSuchElement|NotInteractable|ClickIntercepted/.test(error.name)) return false;
        throw error;
      }
    };
    return this.driver.wait(again, MOST_MS, what);
  }

  find(css) {
    const by = typeof css === 'string' ? By.css(css) : css;
    return this.until(`${by}`, async () => (await this.driver.findElements(by))[0] ?? false);
  }

  async click(css) {
    const by = typeof css === 'string' ? By.css(css) : css;
    await this.until(`to click ${by}`, async () => {
      await this.driver.findElement(by).click();
      return true;
    });
  }

  press(words) {
    return this.click(byWords('button', words));
  }

  async gone(css) {
    await this.until(`that ${css} is gone`, async () => (await this.driver.findElements(By.css(css))).length === 0);
  }

  async fill(css, text) {
    const field = await this.find(css);
    await field.clear();
    await field.sendKeys(text);
  }

  keys(...keys) {
    return this.here().then(() => this.driver.actions().sendKeys(...keys).perform());
  }

  script(text, ...given) {
    return this.here().then(() => this.driver.executeScript(text, ...given));
  }

  async signIn(user) {
    await this.fill('.sign-in .row-form input', user);
    await this.click('.sign-in .row-form button');
    await this.find('.sidebar');
    await this.until('a connection', () => this.script("return document.documentElement.dataset.connection === 'online'"));
  }

  async createRoom(name, members = []) {
    await this.click('.room-ways button:nth-of-type(1)');
    await this.fill('dialog .field:nth-of-type(1) input', name);
    if (members.length > 0) await this.fill('dialog .field:nth-of-type(2) input', members.join(', '));
    await this.click('dialog button[type=submit]');
    await this.gone('dialog');
    await this.find('#composer');
    return this.roomId();
  }

  async roomId() {
    await this.until('an address of a room', () => this.script("return location.hash.startsWith('#/rooms/')"));
    return this.script('return decodeURIComponent(location.hash.split("/")[2])');
  }

  /** The room of the list; an invitation is accepted. */
  async enter(name) {
    const row = (tag, inside) => By.xpath(`//*[@class='room-list']//${tag}[.//*[@class='room-name' and normalize-space()=${quoted(name)}]]${inside}`);
    await this.until(`the room ${name}`, async () => {
      const [invitation] = await this.driver.findElements(row("li[@class='invitation']", '//button[1]'));
      const [link] = invitation ? [invitation] : await this.driver.findElements(row('a', ''));
      await link?.click();
      return Boolean(link);
    });
    await this.find('#composer');
  }

  async write(text) {
    await (await this.find('#composer')).sendKeys(text);
  }

  async send(text) {
    await this.write(text);
    await this.write(Key.ENTER);
  }

  /** What stands in the room, in its order. `stored`: without what waits to be sent. */
  texts({ stored = false } = {}) {
    return this.script(
      'return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)',
      stored ? '.message:not(.pending):not(.draft) .text' : '.message .text',
    );
  }

  async sees(text, options) {
    await this.until(`to see ${text}`, async () => (await this.texts(options)).includes(text));
  }

  async hears(part) {
    await this.until(`to hear ${part}`, async () => (await this.heard()).some((each) => each.includes(part)));
  }

  heard() {
    return this.script('return window.watched.heard');
  }

  article(text) {
    return By.xpath(`//article[.//*[contains(@class,'text') and normalize-space()=${quoted(text)}]]`);
  }

  /** Chooses from the menu of a message, by its words. */
  async choose(text, words) {
    await this.sees(text, { stored: true });
    await (await this.find(this.article(text))).sendKeys(Key.ENTER);
    await this.click(By.xpath(`//*[@role='menuitem' and normalize-space()=${quoted(words)}]`));
  }

  async openPeople() {
    await this.click('.room-head button[aria-expanded=false]');
    await this.find('.people .member');
  }

  async chooseOf(user, words) {
    await this.click(By.xpath(`//li[@class='member'][.//*[@class='sender' and normalize-space()=${quoted(user)}]]//button[@aria-haspopup]`));
    await this.click(By.xpath(`//*[@role='menuitem' and normalize-space()=${quoted(words)}]`));
  }

  async leave() {
    await this.here();
    await this.driver.close();
  }
}
