// The page in real browsers: people chat, lose the network and come back; and what they see has no barrier that axe finds.
//
//     make test-web [BROWSERS=chromium,firefox SELENIUM_URL=http://grid:4444]
//
// CHAT_URL is the page of a running `make run`. On a failure a screenshot is kept in build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { By, Key } from 'selenium-webdriver';
import { BROWSERS, start } from './browsers.js';
import { Chat } from './chat.js';
import { Link } from './link.js';

const URL_ = process.env.CHAT_URL;
if (!URL_) throw new Error('CHAT_URL is missing: run `make test-web`');
const SHOTS = new URL('../../build/screenshots/', import.meta.url);
/** So that no run finds what another has said. */
const RUN = Math.random().toString(36).slice(2, 8);

for (const name of BROWSERS) {
  describe(name, () => {
    const ends = [];
    let alice;
    let bob;
    let link;

    const person = async (user, url) => {
      const { driver, end } = await start(name);
      ends.push(end);
      const chat = new Chat(driver, url);
      await chat.signIn(user);
      return chat;
    };

    /** A journey, with pictures of both windows where it fails. */
    const journey = (what, run) =>
      test(what, { timeout: 240_000 }, async () => {
        try {
          await run();
        } catch (error) {
          mkdirSync(SHOTS, { recursive: true });
          for (const [who, chat] of Object.entries({ alice, bob })) {
            const file = new URL(`${name} ${what} ${who}.png`.replaceAll(/[^a-z .]/gi, ''), SHOTS);
            await chat?.screenshot().then(
              (shot) => writeFileSync(file, shot, 'base64'),
              () => {},
            );
          }
          throw error;
        }
      });

    before(async () => {
      link = await Link.to(new URL(URL_).port);
      [alice, bob] = await Promise.all([
        person('alice', URL_),
        person('bob', `http://127.0.0.1:${link.port}/`),
      ]);
      await Promise.all([alice.open('lobby'), bob.open('lobby')]);
    });

    after(async () => {
      link?.close();
      await Promise.all(ends.map((end) => end()));
    });

    journey('two people chat, and what comes is said aloud', async () => {
      await bob.send(`good morning ${name} ${RUN}`);
      await alice.hears(`good morning ${name} ${RUN}`);
      assert.match(await alice.announced(RUN), /^New message from bob: good morning/);
      await alice.send(`and to you ${name} ${RUN}`);
      await bob.hears(`and to you ${name} ${RUN}`);
    });

    journey('a message is edited, answered, reacted to and removed, by keys alone', async () => {
      await alice.send(`frist ${name} ${RUN}`);
      await alice.hears(`frist ${name} ${RUN}`);
      await alice.write(Key.ARROW_UP);
      await alice.see(By.css('.composer-about'));
      await alice.rewrite(`first ${name} ${RUN}`, Key.ENTER);
      await bob.hears(`first ${name} ${RUN}`);
      await bob.does(`first ${name} ${RUN}`, 'React with 👍');
      await alice.see(By.css('.reaction'));
      await bob.does(`first ${name} ${RUN}`, 'Reply');
      await bob.send(`an answer ${name} ${RUN}`);
      await alice.hears(`an answer ${name} ${RUN}`);
      await alice.see(By.css('a.quote'));
      await bob.does(`an answer ${name} ${RUN}`, 'Remove');
      await bob.press('Remove');
      await alice.forgets(`an answer ${name} ${RUN}`);
    });

    journey('a room is made and somebody is brought into it', async () => {
      await alice.press('New room');
      await alice.fill('Name', `Garden ${name} ${RUN}`);
      await alice.fill('People, separated by commas', 'bob');
      await alice.press('Create');
      await alice.see(By.xpath(`//h2[normalize-space()='Garden ${name} ${RUN}']`));
      await alice.send(`welcome ${name} ${RUN}`);
      await (await bob.see(By.xpath(`//a[contains(., 'Garden ${name} ${RUN}')]`))).click();
      await bob.hears(`welcome ${name} ${RUN}`);
    });

    journey('what is written without a link is sent once and in order when it is back', async () => {
      link.cut();
      await bob.see(By.css('.connection'));
      const texts = Array.from({ length: 5 }, (_, n) => `offline ${n} ${name} ${RUN}`);
      for (const text of texts) await bob.send(text);
      await bob.see(By.css('article.pending'));
      link.restore();
      await alice.hears(texts.at(-1));
      await bob.miss(By.css('article.pending'));
      for (const chat of [alice, bob]) {
        const shown = (await chat.texts()).filter((text) => text.startsWith('offline'));
        assert.deepEqual(shown, texts);
      }
    });

    journey('axe finds nothing in any state', async () => {
      const found = {};
      const look = async (state) => {
        found[state] = await alice.violations();
      };
      await look('room');
      await alice.press('People and settings');
      await alice.see(By.css('.member'));
      await look('people');
      await alice.press('Close');
      for (const [name_, title] of [
        ['Settings', 'Settings'],
        ['Shortcuts (?)', 'Shortcuts'],
        ['New room', 'A new room'],
        ['Pinned messages', 'Pinned messages'],
      ]) {
        await alice.press(name_);
        await alice.see(By.xpath(`//dialog//h2[normalize-space()='${title}']`));
        await look(title);
        await alice.driver.actions().sendKeys(Key.ESCAPE).perform();
        await alice.miss(By.css('dialog[open]'));
      }
      await alice.write(Key.ENTER);
      await alice.see(By.id('composer-problem'));
      await look('problem');
      for (const [state, violations] of Object.entries(found))
        assert.deepEqual([state, violations], [state, []]);
      assert.equal(Object.keys(found).length, 7);
    });

    journey('nothing that is said runs', async () => {
      const naughty = [
        `<img src=x onerror="window.ran=1"> ${RUN}`,
        `<svg onload="window.ran=1"> ${RUN}`,
        `javascript:window.ran=1 ${RUN}`,
        `"><script>window.ran=1</script> ${RUN}`,
        `&lt;b&gt; &#x3C;script&#x3E; ${RUN}`,
      ];
      await alice.driver.executeScript(
        "window.reports = []; addEventListener('securitypolicyviolation', (event) => reports.push(event.violatedDirective))",
      );
      for (const text of naughty) await bob.send(text);
      await alice.hears(naughty.at(-1));
      const shown = await alice.texts();
      for (const text of naughty) assert.ok(shown.includes(text), text);
      const [ran, reports, links] = await alice.driver.executeScript(
        "return [window.ran ?? null, reports, [...document.querySelectorAll('article a')].map(({ protocol }) => protocol)]",
      );
      assert.deepEqual([ran, reports], [null, []]);
      assert.ok(links.every((protocol) => /^https?:$/.test(protocol)));
    });
  });
}
