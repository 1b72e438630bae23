import { describe, expect, test } from 'vitest';

import { newId } from '../src/platform.ts';

describe('ids', () => {
  test('are UUIDs of version 7, so that the server knows when a message was composed', () => {
    const at = Date.UTC(2026, 0, 1, 12);
    const ids = Array.from({ length: 500 }, () => newId(at));
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(500);
    expect(Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16)).toBe(at);
    expect(newId(at) < newId(at + 1)).toBe(true);
  });
});
