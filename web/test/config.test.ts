// What the deployment tells the page, and the addresses of rooms.
import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { parseRoute, roomHref } from '../src/route.ts';

const PAGE = 'https://chat.example/?x#y';

describe('config.json', () => {
  test('has addresses of the page where they have no origin', () => {
    const config = readConfig(
      {
        api: { url: '/graphql', realtimeUrl: '/graphql/realtime' },
        signIn: [{ kind: 'demo', people: ['alice'] }],
      },
      PAGE,
    );
    expect(config.api).toEqual({
      url: 'https://chat.example/graphql',
      realtimeUrl: 'wss://chat.example/graphql/realtime',
    });
  });

  test('keeps others', () => {
    const api = { url: 'https://x.appsync-api.eu-west-1.amazonaws.com/graphql' };
    const way = { kind: 'oidc', issuer: 'https://issuer.example', clientId: 'c' };
    const config = readConfig({ api, signIn: [way] }, PAGE);
    expect(config.api).toEqual(api);
    expect(config.signIn).toEqual([{ ...way, scope: 'openid' }]);
  });

  test.each([
    null,
    1,
    {},
    { api: {} },
    { api: { url: '/x' } },
    { api: { url: '/x' }, signIn: [{ kind: 'magic' }] },
  ])('refuses %j', (value) => expect(() => readConfig(value, PAGE)).toThrow('config.json'));
});

describe('routes', () => {
  test.each(['lobby', 'GUILD#dragons', 'a/b', 'é %', 'direct:x|y@z'])('%s comes back', (roomId) => {
    expect(parseRoute(roomHref(roomId))).toEqual({ roomId, messageId: null });
    expect(parseRoute(roomHref(roomId, 'm/1'))).toEqual({ roomId, messageId: 'm/1' });
  });

  test.each(['', '#', '#/rooms/', '#/rooms/%', '#/other', '#/rooms/a/b/c'])('%s is none', (hash) => {
    expect(parseRoute(hash)).toEqual({ roomId: null, messageId: null });
  });
});
