// What the core asks the API for, by the names of its requests.
import type { RequestField } from './core/protocol.ts';
import * as operations from './wire/generated/operations.ts';
import type { Operation } from './wire/operation.ts';

export const OPERATIONS: Readonly<Record<RequestField, Operation<never, unknown>>> = {
  messages: operations.messagesOperation,
  messagesById: operations.messagesByIdOperation,
  around: operations.aroundOperation,
  changes: operations.changesOperation,
  sync: operations.syncOperation,
  myRooms: operations.myRoomsOperation,
  heartbeat: operations.heartbeatOperation,
  createUpload: operations.createUploadOperation,
  sendMessage: operations.sendMessageOperation,
  markRead: operations.markReadOperation,
  editMessage: operations.editMessageOperation,
  removeMessage: operations.removeMessageOperation,
  react: operations.reactOperation,
  myReactions: operations.myReactionsOperation,
  me: operations.meOperation,
  typing: operations.typingOperation,
  receipts: operations.receiptsOperation,
  people: operations.peopleOperation,
};
