import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseRefusal } from '../src/core/refusals.ts';

describe('a refusal', () => {
  test.each([
    [
      'RateLimited',
      'Too fast. [code=RateLimited retryAfterMs=1200 scope=person]',
      { retryAfterMs: 1200, scope: 'person' },
    ],
    ['Muted', 'Wait. [code=Muted until=2026-01-01T00:00:00.000Z]', { until: '2026-01-01T00:00:00.000Z' }],
    ['InvalidInput', 'No. [code=InvalidInput argument=text]', { argument: 'text' }],
    ['InvalidInput', 'No. [code=InvalidInput argument=nextToken reason=reset]', { reason: 'reset' }],
    ['NotRoomMember', 'No. [code=NotRoomMember]', {}],
    ['NotAllowed', 'No. [code=NotAllowed reason=role]', { reason: 'role' }],
    ['IdempotencyMismatch', 'No. [code=IdempotencyMismatch]', {}],
    ['StaleEpoch', 'No. [code=StaleEpoch epoch=4]', { epoch: 4 }],
    ['ServiceUnavailable', 'Later. [code=ServiceUnavailable reason=clock]', { reason: 'clock' }],
    ['InternalError', 'Oh. [code=InternalError correlationId=1-2]', { correlationId: '1-2' }],
    ['IdentityRefused', 'Who? [code=IdentityRefused reason=claim claim=userId]', { reason: 'claim' }],
  ])('%s is read with its values', (code, text, values) => {
    const refusal = parseRefusal(code, text);
    expect(refusal).toMatchObject({ code, ...values });
    expect(refusal.sentence).toBe(text.slice(0, text.indexOf(' [')));
  });

  test('is read from its message where a template has replaced its type', () => {
    expect(parseRefusal('Lambda:Unhandled', 'No. [code=Muted until=x]').code).toBe('Muted');
    expect(parseRefusal(null, 'No. [code=NotRoomMember]').code).toBe('NotRoomMember');
  });

  test('that nobody knows keeps its type and its values', () => {
    const refusal = parseRefusal('NewRefusal', 'New. [code=NewRefusal what=x]');
    expect(refusal).toMatchObject({ code: 'Unknown', errorType: 'NewRefusal', sentence: 'New.' });
    expect({ ...refusal.values }).toEqual({ what: 'x' });
    expect(parseRefusal('UnauthorizedException', 'You are not authorized to make this call.').code).toBe(
      'Unauthorized',
    );
  });

  test('is read only from the end of a sentence, whatever the sentence holds', () => {
    const text = 'They wrote [code=Muted until=x] to you. [code=NotAllowed reason=hook]';
    expect(parseRefusal('Lambda:Unhandled', text)).toMatchObject({ code: 'NotAllowed', reason: 'hook' });
  });

  test('is made of anything at all without an error, and waits no negative time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (type, text) => {
        expect(parseRefusal(type, text).values).toBeDefined();
        const waits = parseRefusal('RateLimited', `x [code=RateLimited retryAfterMs=${text}]`);
        expect(waits.code === 'RateLimited' && waits.retryAfterMs >= 0).toBe(true);
      }),
    );
    expect(parseRefusal('RateLimited', 'x [code=RateLimited retryAfterMs=-5]')).toMatchObject({
      retryAfterMs: 1_000,
    });
    expect(parseRefusal('Muted', 'x [code=Muted __proto__=1]').values.constructor).toBeUndefined();
  });
});
