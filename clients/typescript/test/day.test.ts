// What an ordinary day costs over both transports: `npm run day` prints it. SEED chooses another day.
import { expect, test } from 'vitest';

import { type Cost, DAY, lived, type Way } from './model/day.ts';

const SEED = Number(process.env.SEED ?? 1);
const WAYS: readonly Way[] = ['appsync', 'gateway'];
/** Requests to the API of a day, whichever it is: a tenth more than what was seen. */
const MOST = { appsync: 3_100, gateway: 2_000 };

/** By what it buys, the requests that it takes. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'what is sent is stored': ['sendMessage'],
  'an open room has no gap': ['messages', 'changes', 'messagesById'],
  'heads, presence and delivery': ['heartbeat'],
  'the list of rooms and what is unread': ['sync', 'myRooms'],
  'what happens to oneself, at once': ['me'],
  'read marks on all devices': ['markRead'],
  'what people are called': ['people'],
  'who has one’s message': ['receipts'],
  'who is writing': ['typing'],
};

const sum = (requests: Cost['requests'], fields = [...requests.keys()]) =>
  fields.reduce((all, field) => all + (requests.get(field) ?? 0), 0);

test('an ordinary day costs no more than it did', { timeout: 120_000 }, () => {
  const [appsync, gateway] = WAYS.map((way) => lived(way, SEED)) as [Cost, Cost];
  const rows = Object.entries(PARTS).map(([what, fields]) => [
    what,
    sum(appsync.requests, [...fields]),
    sum(gateway.requests, [...fields]),
  ]);
  rows.push(['requests to the API, all', sum(appsync.requests), sum(gateway.requests)]);
  for (const [what, of] of [
    ['connections', 'connections'],
    ['minutes connected', 'onlineMinutes'],
    ['subscriptions', 'subscriptions'],
    ['frames to the server', 'framesUp'],
    ['events from the server', 'eventsDown'],
  ] as const)
    rows.push([what, appsync[of], gateway[of]]);
  const lines = [['of a day', 'AppSync', 'gateway'], ['---', '---', '---'], ...rows].map(
    (row) => `| ${row.join(' | ')} |`,
  );
  console.log(
    `${DAY.lastsMs / 3_600_000} hours, ${DAY.rooms} rooms, ${DAY.sends} sends, seed ${SEED}\n${lines.join('\n')}`,
  );
  const named = Object.values(PARTS).flat();
  for (const { requests } of [appsync, gateway])
    expect([...requests.keys()].filter((field) => !named.includes(field))).toEqual([]);
  expect(sum(appsync.requests)).toBeLessThan(MOST.appsync);
  expect(sum(gateway.requests)).toBeLessThan(MOST.gateway);
});
