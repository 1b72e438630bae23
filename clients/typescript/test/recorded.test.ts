// The model answers as the real functions did when test/model/recorded.json was written. Where the real functions are
// (`make test-browsers`, `make prove-client`), they answer so still; with RECORD=1 (`make record-client`) the file is written anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { appsync } from '../src/transports/appsync.ts';
import { CallRefused } from '../src/transports/transport.ts';
import * as operations from '../src/wire/generated/operations.ts';
import type { Operation } from '../src/wire/operation.ts';
import {
  type Answer,
  type Ask,
  PEOPLE,
  planned,
  played,
  type Recording,
  type Who,
} from './model/recorded.ts';
import { ModelServer, Refused } from './model/server.ts';
import { API, made, OTHER, OWNER, TOKENS, tokenOf } from './real.ts';

const PLACE = new URL('./model/recorded.json', import.meta.url);
const SEEDS = [1, 2, 3, 4, 5];
const isRecording = Boolean(process.env.RECORD);
const recordings: readonly Recording[] = isRecording ? [] : JSON.parse(readFileSync(PLACE, 'utf8'));

describe.skipIf(isRecording)('the model', () => {
  test.each(recordings)('answers history $seed as the real functions did', async ({ steps, answers }) => {
    const server = new ModelServer();
    const room = server.room('the room', 'owner', 'other');
    const ask: Ask = async (by, field, variables) => {
      try {
        return { value: structuredClone(server.call(by, field, variables)) };
      } catch (error) {
        if (error instanceof Refused) return { refusal: error.refusal };
        throw error;
      }
    };
    const ids = Object.fromEntries(PEOPLE.map((who) => [who, who])) as Record<Who, string>;
    const said = await played(steps, room.id, ids, ask);
    for (const [n, { by, field }] of steps.entries())
      expect({ n, by, field, said: said[n] }).toEqual({ n, by, field, said: answers[n] });
  });

  test('has histories to answer, with all that it is asked for', () => {
    const asked = new Set(recordings.flatMap(({ steps }) => steps.map(({ field }) => field)));
    expect(recordings).toHaveLength(SEEDS.length);
    for (const field of 'sendMessage editMessage removeMessage messages changes sync heartbeat markRead'.split(
      ' ',
    ))
      expect(asked).toContain(field);
  });
});

const MOST_TRIES = 50;

/** A step, and an answer, to a line. */
function written(recorded: readonly Recording[]): string {
  const lines = (items: readonly unknown[]) => items.map((each) => JSON.stringify(each)).join(',\n');
  const one = ({ seed, steps, answers }: Recording) =>
    `{"seed":${seed},"steps":[\n${lines(steps)}],"answers":[\n${lines(answers)}]}`;
  return `[${recorded.map(one).join(',\n')}]\n`;
}

const THIRD = Object.keys(TOKENS)[2] ?? '';
const IDS: Readonly<Record<Who, string>> = { owner: OWNER, other: OTHER, third: THIRD };

/** The real functions. What is not to be read yet, and what is for later, is asked for again; of other rooms nothing is said. */
const askReally = (roomId: string): Ask => {
  const apis = Object.fromEntries(
    PEOPLE.map((who) => [who, appsync({ url: API, getToken: tokenOf(IDS[who]) })]),
  );
  const named: Readonly<Record<string, unknown>> = operations;
  return async (by, field, variables): Promise<Answer> => {
    const operation = named[`${field}Operation`] as Operation<unknown, Readonly<Record<string, unknown>>>;
    for (let tries = 0; ; tries += 1) {
      try {
        const value = await apis[by]?.call(operation, variables);
        const { items, nextToken, rooms, more } = value ?? {};
        const isEmpty = Array.isArray(items) && items.length === 0 && Boolean(nextToken);
        const isEarly = tries < MOST_TRIES && (isEmpty || more === true);
        if (!isEarly && Array.isArray(rooms))
          return { value: { ...value, rooms: rooms.filter((each) => each.roomId === roomId) } };
        if (!isEarly) return { value };
      } catch (error) {
        if (!(error instanceof CallRefused)) throw error;
        const { refusal } = error;
        // Steps come faster than people are; the model has no rates.
        if (refusal.code !== 'RateLimited' || tries >= MOST_TRIES) return { refusal };
        await new Promise((resolve) => setTimeout(resolve, refusal.retryAfterMs));
        continue;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
};

describe.skipIf(!API)('the real functions', () => {
  test.skipIf(isRecording)('answer as they did', { timeout: 600_000 }, async () => {
    for (const { seed, steps, answers } of recordings) {
      const roomId = await made();
      const said = await played(steps, roomId, IDS, askReally(roomId));
      expect({ seed, said }).toEqual({ seed, said: answers });
    }
  });

  test.skipIf(!isRecording)('are recorded', { timeout: 600_000 }, async () => {
    const recorded: Recording[] = [];
    for (const seed of SEEDS) {
      const roomId = await made();
      const steps = planned(seed);
      recorded.push({ seed, steps, answers: await played(steps, roomId, IDS, askReally(roomId)) });
    }
    writeFileSync(PLACE, written(recorded));
  });
});
