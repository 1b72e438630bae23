import { readFileSync } from 'node:fs';

/** The version of another client, as the lock has it. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8')).packages[
    `node_modules/${name}`
  ].version;
