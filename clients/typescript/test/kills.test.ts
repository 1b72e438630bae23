// A tab is killed at each place where it waits for something, while it sends three messages, one of them with files: each is
// stored once, whole and in order, whatever the place.
import { expect, test } from 'vitest';

import { ME, World } from './model/world.ts';

const file = (key: string) => ({ key, name: key, contentType: 'image/png', size: 1 });

function played(kill: number | null): {
  steps: number;
  stored: readonly unknown[];
  shown: ReadonlySet<string>;
} {
  const world = new World(7);
  const room = world.server.room('lobby', ME);
  const tab = world.open('lobby');
  const shown = new Set<string>();
  world.inspect = ({ core }) => {
    for (const { clientMessageId } of core.getRoom('lobby').pending) shown.add(clientMessageId);
  };
  for (const id of ['a', 'b', 'c']) {
    const files = id === 'b' ? [1, 2].map((n) => file(`${id}/${n}`)) : [];
    tab.feed({ type: 'compose', message: { roomId: 'lobby', text: id, clientMessageId: id, files } });
  }
  let steps = 0;
  const isDone = () => room.messages.length === 3 && world.storage.entries.length === 0;
  while ((kill === null || steps < kill) && !isDone() && world.pieces.length > 0) {
    world.step(false);
    steps += 1;
  }
  if (kill !== null) {
    world.kill(tab);
    world.open('lobby');
  }
  world.settle(200_000);
  expect([world.storage.entries, world.storage.files.size]).toEqual([[], 0]);
  for (const { clientMessageId, attachments = [] } of room.messages) {
    const contents = attachments?.map(({ id }) => world.server.uploads.content(id));
    expect(contents).toEqual(clientMessageId === 'b' ? ['b/1', 'b/2'] : []);
  }
  return { steps, stored: room.messages.map(({ clientMessageId }) => clientMessageId), shown };
}

test('nothing is lost, doubled or out of order, wherever a tab is killed', () => {
  const composed = ['a', 'b', 'c'];
  const { steps: places } = played(null);
  const counts: number[] = [];
  for (let kill = 0; kill <= places; kill += 1) {
    const { stored, shown } = played(kill);
    counts.push(stored.length);
    expect(stored).toEqual(composed.slice(0, stored.length));
    for (const id of shown) expect(stored).toContain(id);
  }
  console.log(`killed at each of ${places} places`);
  expect(places).toBeGreaterThan(15);
  expect(counts.at(0)).toBe(0);
  expect(counts.at(-1)).toBe(3);
});
