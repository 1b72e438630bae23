// Files: sent with a link, and composed without one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLink } from './link.js';
import { twoInRoom } from './smoke.js';

/** A picture of 8 x 8 pixels, and a text. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP438OAFWEXHbQSANXCYsHiPhRjAAAAAElFTkSuQmCC';

export async function withFiles(journey) {
  const folder = mkdtempSync(join(tmpdir(), 'page-files-'));
  const [picture, text] = [join(folder, 'sunset.png'), join(folder, 'notes.txt')];
  writeFileSync(picture, Buffer.from(PICTURE, 'base64'));
  writeFileSync(text, 'what was said');
  try {
    await journey(picture, text);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const composed = (person) => person.script('return document.querySelector(".composer").textContent');
const SHOWN = `
  const article = [...document.querySelectorAll('article.message:not(.pending)')].find((each) => each.textContent.includes(arguments[0]));
  const picture = article?.querySelector('img');
  return Boolean(article?.textContent.includes('notes.txt') && (!arguments[1] || picture?.naturalWidth === 8));
`;

export async function choose(person, ...paths) {
  await (await person.find('.composer input[type=file]')).sendKeys(paths.join('\n'));
  for (const path of paths) {
    const name = path.split('/').at(-1);
    await person.until(`${name} beside the words`, async () => (await composed(person)).includes(name));
  }
}

const upload = (given) =>
  withFiles(async (picture, text) => {
    const { one, other } = await twoInRoom(given);
    await choose(one, picture, text);
    await one.send('both of them');
    for (const person of [one, other]) {
      await person.until('both files', () => person.script(SHOWN, 'both of them', true));
    }
  });

const offline = (given, link) =>
  withFiles(async (_, text) => {
    const { one, other } = await twoInRoom(given, { url: link.url });
    await one.send('before');
    await other.sees('before', { stored: true });
    link.cut();
    await one.find('.connection');
    await choose(one, text);
    await one.send('later');
    await one.find('.message.pending');
    link.restore();
    await other.until('the file', () => other.script(SHOWN, 'later', false));
    await one.gone('.message.pending');
  });

export const FILES = {
  'a picture and a text are sent with a message': upload,
  'a file is chosen without a link and sent later': (given) => withLink(given, offline),
};
