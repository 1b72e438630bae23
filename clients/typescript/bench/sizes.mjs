// Our pages beside other clients, as a page needs them to connect, send and receive: `npm run bench:size`.
import { fileURLToPath } from 'node:url';
import { measured } from '../scripts/pages.mjs';
import { kib, sized } from '../scripts/sized.mjs';
import { versionOf } from './versions.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** What each one's own five-minute start imports. */
const ANCHORS = {
  'stream-chat': `export { StreamChat } from 'stream-chat';`,
  '@ably/chat': `export { Realtime } from 'ably'; export { ChatClient } from '@ably/chat';`,
  'aws-amplify': `export { Amplify } from 'aws-amplify'; export { generateClient } from 'aws-amplify/api';`,
  '@apollo/client': `export { ApolloClient, InMemoryCache, HttpLink, gql } from '@apollo/client';`,
  centrifuge: `export { Centrifuge } from 'centrifuge';`,
};

const rows = [];
for (const [name, contents] of Object.entries(ANCHORS)) {
  const { packed, whole } = await sized(contents, HERE);
  rows.push({ name: `${name} ${versionOf(name)}`, packed, whole });
}
for (const { name, packed, whole } of await measured())
  rows.push({ name: `**this one**: ${name}`, packed, whole });

console.log('| page | KiB gzipped | KiB minified |\n| --- | --- | --- |');
for (const { name, packed, whole } of rows.sort((a, b) => b.packed - a.packed))
  console.log(`| ${name} | ${kib(packed)} | ${kib(whole)} |`);
