// Who reacts to messages, and whether the person does: what the summary says, what has to be asked for, and what was done here.
import { describe, expect, test } from 'vitest';

import type { Effect, StoredChange } from '../src/core/protocol.ts';
import type { Message, ReactionCount } from '../src/wire/generated/types.ts';
import { seeded } from './model/random.ts';
import { Bench, message, ROOM, requests, timers } from './support.ts';

const few = (...userIds: string[]): ReactionCount => ({ emoji: '👍', count: userIds.length, userIds });
const many = (count: number): ReactionCount => ({ emoji: '👍', count, userIds: ['ann', 'bob', 'cid'] });
const REFUSED = { sentence: '', values: {} };

class Reacting extends Bench {
  #n = 100;
  #rev = 10;

  constructor(...reactions: (readonly ReactionCount[] | null)[]) {
    super();
    this.enter(reactions.length);
    this.first = reactions.flatMap((each, n) => (each ? this.says(n + 1, each) : []));
  }

  /** What was asked for when the messages came. */
  readonly first: readonly Effect[];

  /** A newer summary. */
  says(seq: number, reactions: readonly ReactionCount[], said: Partial<Message> = {}): readonly Effect[] {
    this.#rev += 1;
    return this.feed({
      type: 'live',
      message: message(seq, { version: 1, rev: this.#rev, reactions: [...reactions], ...said }),
    });
  }

  answer(effects: readonly Effect[], value: unknown, field = 'myReactions'): readonly Effect[] {
    const [asked] = requests(effects, field);
    return this.feed({ type: 'answered', number: Number(asked?.number), value });
  }

  /** React, and have that stored. Returns the request for it. */
  react(emoji: string, on: boolean, seq = 1): readonly Effect[] {
    const change = { kind: 'react', target: `m${seq}`, emoji, on } as const;
    this.feed({ type: 'change', roomId: ROOM, change });
    this.#n += 1;
    const key = `react/m${seq}/${emoji}`;
    const entry: StoredChange = {
      ...change,
      version: 1,
      clientMessageId: key,
      roomId: ROOM,
      n: this.#n,
      isDurable: true,
    };
    const effects = this.feed({ type: 'added', entry });
    const isLoading = effects.some(({ type }) => type === 'load');
    return isLoading ? this.feed({ type: 'loaded', roomId: ROOM, entries: [entry] }) : effects;
  }

  /** In short: each emoji with its count, and a star where it is the person's too. */
  shown(seq = 1): string {
    const reactions = this.room.reactions.get(`m${seq}`) ?? [];
    return reactions.map(({ emoji, count, isMine }) => `${emoji}${count}${isMine ? '*' : ''}`).join(' ');
  }
}

describe('whether a reaction is the person’s', () => {
  test('is as the summary says it, where it names everybody', () => {
    const bench = new Reacting([few('ann', 'me')], [few('ann', 'bob')], null);
    expect([bench.shown(1), bench.shown(2), bench.shown(3)]).toEqual(['👍2*', '👍2', '']);
    expect(requests(bench.first, 'myReactions')).toEqual([]);
  });

  test('is asked for where it names too few, once and together', () => {
    const bench = new Reacting([many(9)], null);
    const [asked] = requests(bench.first, 'myReactions');
    expect(asked?.variables).toEqual({ roomId: ROOM, ids: ['m1'] });
    const waits = bench.says(2, [many(4)]);
    expect(requests(waits, 'myReactions')).toEqual([]);
    expect(bench.shown()).toBe('👍9');
    const next = bench.answer(bench.first, [{ id: 'm1', emoji: ['👍', '🎉'] }]);
    expect(requests(next, 'myReactions')[0]?.variables.ids).toEqual(['m2']);
    bench.answer(next, []);
    expect([bench.shown(1), bench.shown(2)]).toEqual(['👍9*', '👍4']);
  });

  test('stays known when others react, and is asked for again ten minutes later', () => {
    const bench = new Reacting([many(9)]);
    bench.answer(bench.first, [{ id: 'm1', emoji: ['👍'] }]);
    expect(requests(bench.says(1, [many(10)]), 'myReactions')).toEqual([]);
    expect(bench.shown()).toBe('👍10*');
    bench.now += 600_001;
    const again = bench.says(1, [many(11)]);
    bench.answer(again, []);
    expect(bench.shown()).toBe('👍11');
  });

  test('that cannot be known is not asked for again at once', () => {
    const bench = new Reacting([many(9)]);
    const [{ number } = { number: 0 }] = requests(bench.first, 'myReactions');
    bench.feed({ type: 'refused', number, refusal: { ...REFUSED, code: 'NotAllowed', reason: 'role' } });
    expect(requests(bench.says(1, [many(10)]), 'myReactions')).toEqual([]);
  });

  test('is asked for again after a pause where the server was busy', () => {
    const bench = new Reacting([many(9)]);
    const [{ number } = { number: 0 }] = requests(bench.first, 'myReactions');
    const effects = bench.feed({
      type: 'refused',
      number,
      refusal: { ...REFUSED, code: 'ServiceUnavailable' },
    });
    expect(timers(effects)['reactions/lobby']).toBe(4_000);
    expect(requests(bench.says(1, [many(10)]), 'myReactions')).toEqual([]);
    expect(requests(bench.feed({ type: 'due', key: 'reactions/lobby' }), 'myReactions')).toHaveLength(1);
  });

  test('is of nothing that is removed', () => {
    const bench = new Reacting([few('me')]);
    bench.says(1, [], { removedAt: message(1).ts, text: null });
    expect(bench.shown()).toBe('');
  });

  test('is forgotten with the room', () => {
    const bench = new Reacting([many(9)]);
    bench.feed({ type: 'missed', roomId: ROOM });
    bench.answer(bench.first, [{ id: 'm1', emoji: ['👍'] }]);
    expect(bench.shown()).toBe('👍9');
  });
});

describe('what the person does', () => {
  test('is shown at once, and stays shown until the summary has it', () => {
    const bench = new Reacting([few('ann')]);
    const asked = bench.react('👍', true);
    expect(bench.shown()).toBe('👍2*');
    bench.answer(asked, {}, 'react');
    expect(bench.room.changes.size).toBe(0);
    expect(bench.shown()).toBe('👍2*');
    bench.says(1, [few('ann', 'bob')]); // from before
    expect(bench.shown()).toBe('👍3*');
    bench.says(1, [few('ann', 'bob', 'me')]);
    expect(bench.shown()).toBe('👍3*');
    bench.now += 10_000;
    bench.says(1, [few('ann', 'bob')]); // another device has taken it back
    expect(bench.shown()).toBe('👍2');
  });

  test('is not believed for ever against the summary', () => {
    const bench = new Reacting([few('ann')]);
    bench.answer(bench.react('👍', true), {}, 'react');
    bench.now += 10_000;
    bench.feed({ type: 'due', key: 'reactions/lobby' });
    expect(bench.shown()).toBe('👍1');
  });

  test('is remembered where the summary names too few', () => {
    const bench = new Reacting([many(9)]);
    bench.answer(bench.first, []);
    bench.answer(bench.react('👍', true), {}, 'react');
    expect(bench.shown()).toBe('👍10*');
    bench.says(1, [many(10)]);
    expect(bench.shown()).toBe('👍10*');
    bench.answer(bench.react('👍', false), {}, 'react');
    expect(bench.shown()).toBe('👍9');
    bench.says(1, [many(9)]);
    expect(bench.shown()).toBe('👍9');
  });

  test('counts with an emoji that nobody has used, and without one that nobody else has', () => {
    const bench = new Reacting([few('me')]);
    bench.react('🎉', true);
    expect(bench.shown()).toBe('👍1* 🎉1*');
    bench.react('👍', false);
    expect(bench.shown()).toBe('🎉1*');
  });

  test('is not shown once it is refused', () => {
    const bench = new Reacting([few('ann')]);
    const [{ number } = { number: 0 }] = requests(bench.react('👍', true), 'react');
    bench.feed({
      type: 'refused',
      number,
      refusal: { ...REFUSED, code: 'NotAllowed', reason: 'tooManyKinds' },
    });
    expect(bench.shown()).toBe('👍1');
  });

  test('in another tab is shown here until the summary has it', () => {
    const bench = new Reacting([few('ann')]);
    bench.feed({ type: 'leads', isLeader: false });
    bench.react('👍', true);
    bench.feed({ type: 'loaded', roomId: ROOM, entries: [] });
    expect(bench.room.changes.size).toBe(0);
    expect(bench.shown()).toBe('👍2*');
  });
});

test('the map and each list stay the same until something in them changes', () => {
  const bench = new Reacting([few('ann')], [few('bob')]);
  const before = bench.room.reactions;
  bench.feed({ type: 'live', message: message(3) });
  expect(bench.room.messages).toHaveLength(3);
  expect(bench.room.reactions).toBe(before);
  bench.react('👍', true, 2);
  expect(bench.room.reactions).not.toBe(before);
  expect(bench.room.reactions.get('m1')).toBe(before.get('m1'));
});

test('whatever the order of what is done, told late and answered, it is the person’s as they have done it', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = seeded(seed);
    const bench = new Reacting(null);
    const others = Math.floor(random() * 6);
    let isMine = false;
    /** Whether the person reacted so, from the state that was told last on: none is told after a later one. */
    let states = [isMine];
    let open: readonly Effect[] = [];
    const summary = (said = isMine) => {
      const count = others + Number(said);
      const ids = [...(said && count <= 3 ? ['me'] : []), 'ann', 'bob', 'cid', 'dan', 'eve', 'fay'];
      return count ? [{ emoji: '👍', count, userIds: ids.slice(0, Math.min(3, count)) }] : [];
    };
    const tell = (index: number) => {
      states = states.slice(index);
      const effects = bench.says(1, summary(states[0]));
      if (requests(effects, 'myReactions').length) open = effects;
    };
    const answer = () => {
      const value = isMine ? [{ id: 'm1', emoji: ['👍'] }] : [];
      if (open.length) bench.answer(open, value);
      open = [];
    };
    for (let step = 0; step < 12; step += 1) {
      const what = random();
      if (what < 0.4) {
        const on = random() < 0.5;
        const asked = bench.react('👍', on);
        isMine = on;
        states.push(isMine);
        if (random() < 0.3) tell(Math.floor(random() * states.length));
        bench.answer(asked, {}, 'react');
      } else if (what < 0.8) tell(Math.floor(random() * states.length));
      else answer();
      expect([seed, step, bench.shown().includes('*')]).toEqual([seed, step, isMine]);
    }
    tell(states.length - 1);
    answer();
    bench.now += 10_001;
    bench.feed({ type: 'due', key: 'reactions/lobby' });
    const count = others + Number(isMine);
    expect([seed, bench.shown()]).toEqual([seed, count ? `👍${count}${isMine ? '*' : ''}` : '']);
  }
});
