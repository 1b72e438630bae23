// The page as somebody uses it: what they see is found by its role and name, and waited for; there are no fixed sleeps.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { By, error, Key } from 'selenium-webdriver';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WAIT_MS = 60_000;
const quoted = (text) => `concat('${text.replaceAll("'", `', "'", '`)}', '')`;

/** A button by what it is called. */
const button = (name) =>
  By.xpath(`//button[@aria-label=${quoted(name)} or normalize-space()=${quoted(name)}]`);
const messageOf = (text) => By.xpath(`//article[.//div[@class='text' and contains(., ${quoted(text)})]]`);

/** The page has put another element in the place of one that was found. */
const unlessStale = (otherwise) => (failure) => {
  if (failure instanceof error.StaleElementReferenceError) return otherwise;
  throw failure;
};

export class Chat {
  constructor(driver, url) {
    this.driver = driver;
    this.url = url;
  }

  async signIn(user) {
    await this.driver.get(this.url);
    await this.press(`Sign in as ${user}`);
    await this.see(By.css('.room-list .room-row'));
  }

  async open(roomId) {
    await this.driver.executeScript('location.hash = arguments[0]', `#/rooms/${encodeURIComponent(roomId)}`);
    await this.see(By.id('composer'));
  }

  /** Once it is there and shown. */
  see(locator) {
    const shown = async () => {
      for (const element of await this.driver.findElements(locator)) {
        if (await element.isDisplayed().catch(unlessStale(false))) return element;
      }
      return null;
    };
    return this.driver.wait(shown, WAIT_MS, `not shown: ${locator}`);
  }

  /** Once there is nothing of it. */
  async miss(locator) {
    const isGone = async () => (await this.driver.findElements(locator)).length === 0;
    await this.driver.wait(isGone, WAIT_MS, `still there: ${locator}`);
  }

  /** Does something with it; once more where the page has put another in its place meanwhile. */
  async #with(locator, act) {
    const attempt = async () => {
      const element = await this.see(locator);
      return act(element).then(() => true, unlessStale(false));
    };
    await this.driver.wait(attempt, WAIT_MS, `never at rest: ${locator}`);
  }

  press(name) {
    return this.#with(button(name), (element) => element.click());
  }

  write(...keys) {
    return this.#with(By.id('composer'), (element) => element.sendKeys(...keys));
  }

  /** In the place of everything that is written there. */
  rewrite(...keys) {
    return this.#with(By.id('composer'), async (element) => {
      await this.driver.executeScript('arguments[0].select()', element);
      await element.sendKeys(...keys);
    });
  }

  async send(text) {
    await this.write(text, Key.ENTER);
  }

  hears(text) {
    return this.see(messageOf(text));
  }

  forgets(text) {
    return this.miss(messageOf(text));
  }

  /** The menu of a message, by keys alone. */
  async does(text, action) {
    await this.#with(messageOf(text), async (message) => {
      await this.driver.executeScript('arguments[0].focus()', message);
      await message.sendKeys(Key.ENTER);
    });
    await this.#with(By.xpath(`//*[@role='menuitem'][normalize-space()=${quoted(action)}]`), (item) =>
      item.click(),
    );
  }

  async fill(label, text) {
    const field = await this.see(
      By.xpath(`//label[normalize-space()=${quoted(label)}]/following-sibling::input`),
    );
    await field.clear();
    await field.sendKeys(text);
  }

  /** What the live region has said last, once it says something with this in it. */
  async announced(part) {
    const region = await this.driver.findElement(By.css('p[role="status"]'));
    const says = async () => {
      const said = await region.getAttribute('textContent');
      return said.includes(part) ? said : null;
    };
    return this.driver.wait(says, WAIT_MS, `not said: ${part}`);
  }

  /** The texts of the room's messages, in their order. */
  texts() {
    return this.driver.executeScript(
      "return [...document.querySelectorAll('article .text')].map((each) => each.textContent)",
    );
  }

  /** What axe finds against WCAG 2.1 A and AA; contrast is computed from the tokens elsewhere. */
  async violations() {
    await this.driver.executeScript(AXE);
    const found = await this.driver.executeAsyncScript(`
      const done = arguments[arguments.length - 1];
      axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
        rules: { 'color-contrast': { enabled: false } } })
        .then(({ violations }) => done(violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' | '))),
              (error) => done([String(error)]));`);
    return found;
  }

  screenshot() {
    return this.driver.takeScreenshot();
  }
}
