export { ChatClient, type ClientOptions, type Sending } from './client.ts';
export { ChatCore, type ChatOptions } from './core/chat.ts';
export { ERASED_SENDER } from './core/erased.ts';
export type { Change, Composed, Effect, Entry, Event, StoredEntry } from './core/protocol.ts';
export { isPassing, parseRefusal, type Refusal, type RefusalCode } from './core/refusals.ts';
export type {
  ConnectionStatus,
  PendingChange,
  PendingFile,
  PendingMessage,
  RoomSnapshot,
  RoomStatus,
  RoomSummary,
  ShownReaction,
  Snapshot,
  UnreadLine,
} from './core/shown.ts';
export { memoryStorage } from './storage/memory.ts';
export type { OutboxStorage } from './storage/storage.ts';
export type { Tabs } from './tabs.ts';
export type { GetToken } from './transports/tokens.ts';
export {
  CallRefused,
  type Socket,
  type SocketFactory,
  type Transport,
  type TransportListener,
} from './transports/transport.ts';
export type { UploadOptions } from './uploads.ts';
export * from './wire/generated/operations.ts';
export type * from './wire/generated/types.ts';
export type { Operation } from './wire/operation.ts';
