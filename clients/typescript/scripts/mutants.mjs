// Rules of the core, each broken by hand in one place. `npm run mutate` names the tests that notice.
const outbox = 'outbox.ts';
const room = 'room.ts';
const timeline = 'timeline.ts';
const tabs = '../tabs/core.ts';
const subscriptions = '../tabs/subscriptions.ts';

export const MUTANTS = [
  {
    name: 'skip what was refused for now, and go on with the next',
    file: outbox,
    from: "        return this.#wait(refusal);\n      case 'Unauthorized':",
    to: "        return this.#refuse([id], refusal);\n      case 'Unauthorized':",
  },
  {
    name: 'remove from the storage before the answer',
    file: outbox,
    from: '    const id = first.clientMessageId;\n',
    to: "    const id = first.clientMessageId;\n    this.#emit({ type: 'remove', clientMessageId: id });\n",
  },
  {
    name: 'drain in parallel',
    file: outbox,
    from: "    this.#host.request('sendMessage', variables,",
    to: `    for (const each of this.#entries.filter(({ refusal }) => !refusal).slice(1)) {
      const { n, isDurable, refusal, version, ...more } = each;
      this.#host.request('sendMessage', more, (value, no) => this.#answered(each.clientMessageId, value, no));
    }
    this.#host.request('sendMessage', variables,`,
  },
  {
    name: 'a new id with each try',
    file: outbox,
    from: "    this.#host.request('sendMessage', variables,",
    to: `    const tried = \`\${id}.\${this.#attempts}\`;
    this.#host.request('sendMessage', this.#attempts ? { ...variables, clientMessageId: tried } : variables,`,
  },
  {
    name: 'send what this tab has first, without asking the storage',
    file: outbox,
    from: "    this.#phase = 'loading';\n    this.#emit({ type: 'load', roomId: this.#roomId });",
    to: '    this.#send();',
  },
  {
    name: 'last in, first out',
    file: outbox,
    from: 'sort((a, b) => a.n - b.n)',
    to: 'sort((a, b) => b.n - a.n)',
  },
  {
    name: 'keep in the storage what the server has',
    file: outbox,
    from: "      this.#drop(id);\n      this.#emit({ type: 'remove', clientMessageId: id });",
    to: '      this.#drop(id);',
  },
  {
    name: 'give up after four tries',
    file: outbox,
    from: '        return this.#wait(refusal);\n',
    to: '        return this.#attempts < 4 ? this.#wait(refusal) : this.#refuse([id], refusal);\n',
  },
  {
    name: 'not wait as long as told',
    file: outbox,
    from: 'return refusal.retryAfterMs;',
    to: 'return 0;',
  },
  {
    name: 'forget who waits for a token',
    file: outbox,
    from: "    if (this.#phase === 'blocked' ||",
    to: "    if (this.#phase === 'idle' ||",
  },
  {
    name: 'throw away what is finally refused',
    file: outbox,
    from: "      this.#emit({ type: 'update', entry: draft });",
    to: "      this.#emit({ type: 'remove', clientMessageId: entry.clientMessageId });",
  },
  {
    name: 'let a draft stand in the way',
    file: outbox,
    from: '    const first = this.#entries.find(({ refusal }) => !refusal);\n    if (!first) return;',
    to: '    const first = this.#entries[0];\n    if (!first || first.refusal) return;',
  },
  {
    name: 'believe any answer',
    file: outbox,
    from: '!refused && message?.clientMessageId === id && message.roomId === this.#roomId;',
    to: '!refused && message !== null;',
  },
  {
    name: 'take another’s message with the same id for one’s own',
    file: 'places.ts',
    from: '    if (message.senderId !== this.#options.userId) return;\n',
    to: '',
  },
  {
    name: 'show what is stored as waiting, too',
    file: outbox,
    from: '        .filter((entry) => !isSettled(entry))\n',
    to: '',
  },
  {
    name: 'drop the echo before the stored message is there',
    file: outbox,
    from: '      this.#tell(message);\n',
    to: '',
  },
  {
    name: 'drop rev: keep what comes last',
    file: 'order.ts',
    from: 'return difference > 0 ? came : held;',
    to: 'return came;',
  },
  {
    name: 'drop rev: keep what came first',
    file: 'order.ts',
    from: 'return difference > 0 ? came : held;',
    to: 'return held;',
  },
  {
    name: 'order by arrival',
    file: timeline,
    from: 'this.#messages.splice(place(this.#messages, kept), 0, kept);',
    to: 'this.#messages.push(kept);',
  },
  {
    name: 'overlook gaps',
    file: timeline,
    from: '    return this.#ahead.size > 0;',
    to: '    return false;',
  },
  {
    name: 'move the head with live events',
    file: timeline,
    from: '    this.#reach(this.reached);\n  }\n',
    to: `    this.#reach(this.reached);
    const last = items.at(-1);
    if (this.head && last?.seq) this.head = { ...this.head, rev: this.head.rev + 1, ts: last.ts };
  }
`,
  },
  {
    name: 'forget changes of messages that are yet to be read',
    file: timeline,
    from: 'newer(message, this.#aside.get(message.id) ?? message)',
    to: 'message',
  },
  {
    name: 'trim while an older page is on its way',
    file: timeline,
    from: 'if (over <= 0 || this.#isReadingOlder) return;',
    to: 'if (over <= 0) return;',
  },
  {
    name: 'ignore the epoch of notices',
    file: room,
    from: '    if (notice.nextEpoch && notice.nextEpoch > this.#epoch) this.#follow(notice.nextEpoch);\n    else',
    to: '   ',
  },
  {
    name: 'ignore the epoch of changes and heartbeats',
    file: room,
    from: [
      '    if (page.head.epoch > this.#epoch) {',
      '    if ((state.epoch ?? 0) > this.#epoch) this.#follow(state.epoch ?? 0);\n    else',
    ],
    to: ['    if (page.head.epoch < 0) {', '   '],
  },
  {
    name: 'not catch up once subscribed',
    file: room,
    from: '    this.isSubscribed = true;\n    this.#catchUp();',
    to: '    this.isSubscribed = true;\n    this.#settled();',
  },
  {
    name: 'take one page of changes for all',
    file: room,
    from: '    if (nextToken && page.items.length > 0) return this.#changes(nextToken);\n',
    to: '    if (nextToken && page.items.length > 0) return this.#settled();\n',
  },
  {
    name: 'not look at heads again',
    file: room,
    from: '    else if ((state.rev ?? 0) > head.rev) this.#lookAgain();',
    to: '',
  },
  {
    name: 'ignore reset',
    file: room,
    from: '    if (page.reset) return this.#once(() => this.reset());\n',
    to: '',
  },
  {
    name: 'take late answers for current ones',
    file: room,
    from: '      if (reading !== this.#reading || this.#isOver()) return;\n',
    to: '',
  },
  {
    name: 'believe notices of an epoch that is over',
    file: room,
    from: 'if (!notice || (epoch ?? 0) < this.#epoch) return;',
    to: 'if (!notice) return;',
  },
  {
    name: 'not subscribe again after a connection',
    file: room,
    from: '    if (this.timeline.head) this.#subscribe();\n    else if',
    to: '    if (this.timeline.head) this.#settled();\n    else if',
  },
  {
    name: 'tabs: every tab drains',
    file: outbox,
    from: 'first && (this.#host.leads() || !first.isDurable)',
    to: 'first',
  },
  {
    name: 'tabs: not look once more where another tab changed the storage',
    file: outbox,
    from: "    else if (this.#phase === 'loading') this.#isStale = true;\n",
    to: '',
  },
  {
    name: 'tabs: not connect when taking over',
    file: tabs,
    from: "    if (this.#wants) this.#emit({ type: 'wire', effect: { type: 'connect' } });",
    to: '',
  },
  {
    name: 'tabs: wait for a frozen leader for ever',
    file: tabs,
    from: "    this.#emit({ type: 'steal' });\n",
    to: '',
  },
  {
    name: 'tabs: keep the connection when the lock is lost',
    file: tabs,
    from: "    this.#emit({ type: 'wire', effect: { type: 'disconnect' } });\n",
    to: '',
  },
  {
    name: 'tabs: not tell the others what comes live',
    file: tabs,
    from: "        this.#post({ type: 'live', event });\n",
    to: '',
  },
  {
    name: 'tabs: each tab has a subscription of its own',
    file: subscriptions,
    from: '    if (!held?.tabs.delete(tab) || held.tabs.size > 0) return;\n',
    to: '    if (!held?.tabs.delete(tab)) return;\n',
  },
  {
    name: 'tabs: never forget a tab that is gone',
    file: tabs,
    from: '      if (other.beats > 2) this.#forget(tab);\n',
    to: '',
  },
  {
    name: 'tabs: not share what sync says',
    file: tabs,
    from: "      this.#post({ type: 'shared', field, variables, value });\n",
    to: '',
  },
];
