import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

import { onMessageOperation, sendMessageOperation } from '../src/wire/generated/operations.ts';
import { checked, MalformedAnswer } from '../src/wire/operation.ts';
import { message } from './support.ts';

describe('what is generated from the schema', () => {
  test('is what the schema of today gives', () => {
    const generate = new URL('../scripts/generate.mjs', import.meta.url);
    expect(execFileSync(process.execPath, [generate.pathname, '--check'], { encoding: 'utf8' })).toBe('');
  });

  test('selects what every way to publish asks of a sender, without aliases and fragments', () => {
    const selection = /\{sendMessage\([^)]*\)\{(.*)\}\}$/.exec(sendMessageOperation.text)?.[1] ?? '';
    const names = selection.split(/[ {}]/);
    for (const name of 'id roomId senderId text ts seq epoch clientMessageId'.split(' '))
      expect(names).toContain(name);
    expect(selection).not.toMatch(/[:.]/);
  });
});

describe('what comes in', () => {
  test('keeps fields that this client does not know', () => {
    const came = { ...message(1), stickers: [{ emoji: 'x' }] };
    expect(checked(onMessageOperation, came)).toEqual(came);
  });

  test('may lack what may be null, and not what may not', () => {
    const { id, roomId, senderId, ts } = message(1);
    expect(checked(onMessageOperation, { id, roomId, senderId, ts })).toEqual({ id, roomId, senderId, ts });
    expect(checked(onMessageOperation, null)).toBeNull();
    for (const bad of [{}, { id, roomId, senderId }, [], 'x', { ...message(1), seq: '1' }]) {
      expect(() => checked(onMessageOperation, bad)).toThrow(MalformedAnswer);
    }
  });

  test('takes values of enumerations that are new', () => {
    const notice = { kind: 'MESSAGE_PINNED', messageId: 'm1' };
    expect(checked(onMessageOperation, message(1, { notice }))?.notice).toEqual(notice);
  });
});
