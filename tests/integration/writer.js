// Somebody who writes without a page: GraphQL over HTTP, with the token of a demo person.
import { randomUUID } from 'node:crypto';

const SEND = `mutation Send($roomId: ID!, $text: String!, $clientMessageId: ID!) {
  sendMessage(roomId: $roomId, text: $text, clientMessageId: $clientMessageId) { id seq }
}`;

export class Writer {
  constructor(url, token) {
    Object.assign(this, { url, token });
  }

  static async of(url, user) {
    const { origin } = new URL(url);
    const answer = await fetch(new URL('/demo/token', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: origin },
      body: JSON.stringify({ user }),
    });
    if (!answer.ok) throw new Error(`no token for ${user}: ${answer.status} ${await answer.text()}`);
    return new Writer(url, (await answer.json()).token);
  }

  async send(roomId, text) {
    const answer = await fetch(new URL('/graphql', this.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: this.token },
      body: JSON.stringify({ query: SEND, variables: { roomId, text, clientMessageId: randomUUID() } }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(`not sent: ${JSON.stringify(errors)}`);
    return data.sendMessage;
  }

  /** In their order, so each is sent once the one before is stored, but not faster than `perSecond`; how many seconds it took. */
  async sendAll(roomId, texts, perSecond) {
    const started = performance.now();
    for (const [index, text] of texts.entries()) {
      const wait = started + (index * 1_000) / perSecond - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await this.send(roomId, text);
    }
    return (performance.now() - started) / 1_000;
  }
}
