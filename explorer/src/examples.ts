// What the editor has in it before somebody writes there: the demo data's room, read, followed and written to.

const MESSAGE = ['id roomId senderId text', 'ts seq epoch clientMessageId'].join('\n    ');

const READ = `# Press Ctrl-Enter.
query Rooms {
  me { userId }
  myRooms {
    items {
      unread
      room { roomId name }
    }
    nextToken
  }
}

# A subscription names this epoch.
query Lobby {
  messages(roomId: "lobby") {
    items { seq senderId text ts }
    head { rev seq ts epoch }
  }
}
`;

const FOLLOW = `# Start it here, and send
# in another window.
subscription Follow(
  $roomId: ID!
  $epoch: Int
) {
  onMessage(
    roomId: $roomId
    epoch: $epoch
  ) {
    ${MESSAGE}
  }
}
`;

const SEND = `# Subscribers get what is
# selected here.
mutation Send(
  $roomId: ID!
  $text: String!
) {
  sendMessage(
    roomId: $roomId
    text: $text
  ) {
    ${MESSAGE}
  }
}
`;

const variables = (values: object) => JSON.stringify(values, null, 2);

export const EXAMPLES = [
  { query: READ },
  { query: FOLLOW, variables: variables({ roomId: 'lobby', epoch: 1 }) },
  { query: SEND, variables: variables({ roomId: 'lobby', text: 'hello' }) },
];
