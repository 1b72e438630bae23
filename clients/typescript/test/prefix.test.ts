// The chat's fields in a schema where they have a prefix: what is asked for fits it, and what comes back is found.
import { readFileSync } from 'node:fs';
import {
  buildASTSchema,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  specifiedScalarTypes,
  validate,
  visit,
} from 'graphql';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { appsync } from '../src/transports/appsync.ts';
import { gateway } from '../src/transports/gateway.ts';
import * as operations from '../src/wire/generated/operations.ts';
import { fieldOf, prefixed, prefixOf } from '../src/wire/prefix.ts';
import { settled, Wire } from './sockets.ts';
import { message, ROOM } from './support.ts';

const OWN = parse(`directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
directive @aws_iam on FIELD_DEFINITION | OBJECT
scalar AWSDateTime scalar AWSJSON
${readFileSync(new URL('../../../resolvers/schema.graphql', import.meta.url), 'utf8')}`);
const ROOTS = ['Query', 'Mutation', 'Subscription'];
const SCALARS = ['AWSDateTime', 'AWSJSON', ...specifiedScalarTypes.map(({ name }) => name)];

function renamedField(field: FieldDefinitionNode): FieldDefinitionNode {
  const { value } = field.name;
  const named = `chat${value.charAt(0).toUpperCase()}${value.slice(1)}`;
  return { ...field, directives: [], name: { ...field.name, value: named } };
}

/** As docs/adopting.md says: types are `ChatMessage`, fields of root types `chatMessages`. */
function withPrefix(document: DocumentNode): DocumentNode {
  const kept = [...ROOTS, ...SCALARS];
  const renamed = <Node extends { readonly name: { readonly value: string } }>(node: Node) =>
    kept.includes(node.name.value)
      ? node
      : { ...node, name: { ...node.name, value: `Chat${node.name.value}` } };
  const rooted = document.definitions.map((node) =>
    node.kind === Kind.OBJECT_TYPE_DEFINITION && ROOTS.includes(node.name.value)
      ? { ...node, fields: node.fields?.map(renamedField) }
      : node,
  );
  return visit({ ...document, definitions: rooted } as DocumentNode, {
    [Kind.NAMED_TYPE]: renamed,
    [Kind.OBJECT_TYPE_DEFINITION]: { leave: renamed },
    [Kind.INPUT_OBJECT_TYPE_DEFINITION]: { leave: renamed },
    [Kind.ENUM_TYPE_DEFINITION]: { leave: renamed },
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('with a prefix', () => {
  test('every document fits the schema that has it, and without one stays as it is', () => {
    const schema = buildASTSchema(withPrefix(OWN));
    const all = Object.values(operations);
    expect(all.length).toBeGreaterThan(40);
    for (const operation of all) {
      const { field, text } = prefixed(operation, 'Chat');
      expect([field, validate(schema, parse(text))]).toEqual([fieldOf(operation.field, 'Chat'), []]);
      expect(prefixed(operation, '')).toEqual({ field: operation.field, text: operation.text });
    }
  });

  test('names are as the server makes them', () => {
    expect(fieldOf('messages', 'Chat')).toBe('chatMessages');
    expect(fieldOf('onMessage', 'X')).toBe('xOnMessage');
    expect(fieldOf('messages', '')).toBe('messages');
    const [head] = prefixed(operations.updateMeOperation, 'Chat').text.split('{');
    expect(head).toBe(
      'mutation UpdateMe($name:String$avatarUrl:String$avatarId:ID$reset:[ChatPersonField!])',
    );
  });

  test('one that no schema can have is refused at once', () => {
    expect([prefixOf(), prefixOf(''), prefixOf('Chat2')]).toEqual(['', '', 'Chat2']);
    for (const bad of ['chat', 'Ch at', `C${'x'.repeat(32)}`, '2'])
      expect(() => appsync({ url: 'https://chat.example/graphql', prefix: bad })).toThrow('no prefix');
  });

  test('AppSync is asked and heard by these names', async () => {
    const wire = new Wire();
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (_: string, { body }: RequestInit) => {
      asked.push(JSON.parse(String(body)).query);
      return new Response(JSON.stringify({ data: { chatMessagesById: [message(1)] } }));
    });
    const options = { url: 'https://chat.example/graphql', getToken: () => 'token', socket: wire.factory };
    const transport = appsync({ ...options, prefix: 'Chat' });
    const answer = await transport.call(operations.messagesByIdOperation, { roomId: ROOM, ids: ['m1'] });
    expect([answer?.map(({ id }) => id), asked[0]]).toEqual([
      ['m1'],
      expect.stringContaining('{chatMessagesById(roomId:$roomId ids:$ids){id roomId'),
    ]);
    transport.connect(wire.listener);
    await settled();
    wire.socket.open();
    wire.socket.say({ type: 'connection_ack', payload: {} });
    transport.subscribe(ROOM, 1, 7);
    await settled();
    const start = wire.socket.sent.at(-1) as { id: string; payload: { data: string } };
    expect(JSON.parse(start.payload.data).query).toContain('{chatOnMessage(roomId:$roomId epoch:$epoch){');
    const heard = { chatOnMessage: message(1), onMessage: message(2) };
    wire.socket.say({ type: 'data', id: start.id, payload: { data: heard } });
    expect(wire.news).toEqual([['up'], ['live', 'm1']]);
  });

  test('refusals of a field are found, and the API behind the gateway is asked by these names', async () => {
    const errors = [{ errorType: 'NotRoomMember', message: 'No. [code=NotRoomMember]' }];
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (_: string, { body }: RequestInit) => {
      asked.push(JSON.parse(String(body)).query);
      return new Response(JSON.stringify({ data: { chatMessages: null }, errors }));
    });
    const options = { url: 'wss://chat.example/ws', apiUrl: 'https://chat.example/graphql' };
    const transport = gateway({ ...options, getToken: () => 'token', prefix: 'Chat' });
    await expect(transport.call(operations.messagesOperation, { roomId: ROOM })).rejects.toMatchObject({
      refusal: { code: 'NotRoomMember' },
    });
    expect(asked[0]).toContain('$order:ChatMessageOrder');
  });
});
