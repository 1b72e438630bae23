// What the client asks for: of each field the arguments that it gives and what it selects. Types, nullability and
// checks come from the schema. Selections have no aliases and no named fragments, as docs/clients.md asks.
const FILES = 'attachments { id name contentType size }';
const COUNTS = 'reactions { emoji count userIds }';
/** What senders select is what subscribers hear, so it is the same in mutations and subscriptions. */
const MESSAGE = `id roomId roomType guildId senderId text ts seq epoch clientMessageId rev editedAt removedAt erased version
  replyTo mentions mentionsAll ${FILES} ${COUNTS}`;
/** A quote is for the reader alone: it is null in what mutations answer and subscribers hear. */
const QUOTING = `${MESSAGE} quote { id roomId senderId text ts seq rev removedAt erased ${FILES} }`;
const ERASED = 'erased { from to }';
const HEAD = 'head { seq ts epoch rev }';
const ROOM = `roomId roomType guildId name description avatarUrl avatarId visibility archivedAt directWith slowModeSeconds
  retentionDays historyFrom historyRev ${HEAD}
  me { userId role status mutedUntil joinedSeq }`;
const NOTICE = 'notice { kind userId role mutedUntil nextEpoch rev }';
/** The same with what it says of the room and of reactions. */
const HEARD = `notice { kind userId role mutedUntil nextEpoch rev messageId seq
  room { roomId name description avatarUrl avatarId visibility archivedAt slowModeSeconds retentionDays historyFrom historyRev } reactions { id seq rev ${COUNTS} } ${ERASED} }`;
/** Of the publishing mode by senders: what subscribers are to hear of a pin. */
const PINNED =
  'id roomId senderId ts epoch notice { kind userId role mutedUntil nextEpoch rev messageId seq }';
const NAMED = 'userId name avatarUrl avatarId updatedAt';
const PERSON = `${NAMED} isConfusable`;
const NOTICED = `id roomId senderId ts epoch ${NOTICE}`;
const RECEIPT = 'roomId epoch userId readSeq deliveredSeq retryAfterMs';

export const OPERATIONS = {
  Query: {
    messages: ['roomId after before order limit nextToken', `items { ${QUOTING} } nextToken ${HEAD}`],
    changes: ['roomId since after limit nextToken', `items { ${QUOTING} } nextToken ${HEAD} reset ${ERASED}`],
    around: ['roomId id limit', `items { ${QUOTING} } olderToken newerToken ${HEAD}`],
    messagesById: ['roomId ids', QUOTING],
    sync: [
      'since limit',
      `rooms { roomId ${HEAD} room { ${ROOM} } messages { ${QUOTING} } unread unreadMentions reset left more ${ERASED} } token more reset`,
    ],
    room: ['roomId', `${ROOM} memberCount`],
    myRooms: [
      'limit nextToken',
      `items { room { ${ROOM} } added invitation { userId role status } unread unreadMentions lastReadSeq
        lastMessage { ${QUOTING} } } nextToken`,
    ],
    members: ['roomId status limit nextToken', 'items { userId role status mutedUntil joinedSeq } nextToken'],
    receipts: [
      'roomId seq limit nextToken',
      `items { ${RECEIPT} } nextToken confirmation { seq delivered read of }`,
    ],
    presence: ['roomId', 'roomId people { userId status lastSeenAt } online watching'],
    attachment: ['roomId id', 'id url expiresAt name contentType size'],
    pins: ['roomId', `message { ${QUOTING} } pinnedBy pinnedAt`],
    people: ['roomId ids', PERSON],
    searchPeople: ['roomId prefix limit', NAMED],
    avatar: ['roomId id', 'id url expiresAt'],
    me: ['', `userId epoch person { ${NAMED} }`],
    myReactions: ['roomId ids', 'id emoji'],
    dataRequests: ['', 'id kind state dueAt requestedBy'],
    drafts: ['limit nextToken', 'items { roomId text rev } nextToken'],
  },
  Mutation: {
    saveDraft: ['roomId text rev', 'roomId text rev saved'],
    sendMessage: ['roomId text clientMessageId attachments replyTo mentions mentionsAll', MESSAGE],
    editMessage: ['roomId id text ts mentions mentionsAll', MESSAGE],
    removeMessage: ['roomId id ts', MESSAGE],
    heartbeat: [
      'status deviceId watching rooms',
      'at everySeconds rooms { roomId seq rev epoch unread unreadMentions left }',
    ],
    markRead: ['roomId seq private', RECEIPT],
    markDelivered: ['roomId seq ts', RECEIPT],
    typing: ['roomId', 'roomId epoch userId expiresAt'],
    createUpload: ['roomId contentType size name', 'id url fields { name value } expiresAt'],
    createRoom: ['roomId name visibility members', ROOM],
    joinRoom: ['roomId', NOTICED],
    leaveRoom: ['roomId', NOTICED],
    addMember: ['roomId userId role', NOTICED],
    removeMember: ['roomId userId', NOTICED],
    setRole: ['roomId userId role', NOTICED],
    muteMember: ['roomId userId until', NOTICED],
    banMember: ['roomId userId', NOTICED],
    unbanMember: ['roomId userId', NOTICED],
    updateRoom: [
      'roomId name description visibility historyFrom archived slowModeSeconds retentionDays avatarUrl avatarId reset',
      NOTICED,
    ],
    deleteRoom: ['roomId', NOTICED],
    direct: ['userId', ROOM],
    pinMessage: ['roomId id', PINNED],
    unpinMessage: ['roomId id', PINNED],
    blockUser: ['userId', 'userId blockedAt'],
    unblockUser: ['userId', 'userId blockedAt'],
    withdrawDataRequest: ['id', 'id kind state'],
    updateMe: ['name avatarUrl avatarId reset', NAMED],
    react: ['roomId id emoji on', 'roomId id emoji userId on ts'],
  },
  Subscription: {
    onMessage: ['roomId epoch', `${MESSAGE} ${HEARD}`],
    onReceipt: ['roomId epoch', 'roomId epoch userId readSeq deliveredSeq'],
    onTyping: ['roomId epoch', 'roomId epoch userId expiresAt'],
    onMine: [
      'userId epoch',
      'userId epoch id kind roomId messageId seq rev actorId role mutedUntil ts quietUntil',
    ],
  },
};
