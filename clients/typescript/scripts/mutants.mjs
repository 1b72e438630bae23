// Rules of the core, each broken by hand in one place. `npm run mutate` names the tests that notice.
const delivery = 'delivery.ts';
const outbox = 'outbox.ts';
const room = 'room.ts';
const timeline = 'timeline.ts';
const order = 'order.ts';
const reactions = 'reactions.ts';
const tabs = '../tabs/core.ts';
const subscriptions = '../tabs/subscriptions.ts';

/** The text of a file with the mutant in force. Throws where what it changes is not there. */
export function applied(text, { from, to }) {
  const pairs = Array.isArray(from) ? from.map((each, n) => [each, to[n]]) : [[from, to]];
  return pairs.reduce((changed, [before, after]) => {
    const count = changed.split(before).length - 1;
    if (count < 1) throw new Error(`what it changes is not there: ${before}`);
    return changed.replace(before, () => after);
  }, text);
}

export const MUTANTS = [
  {
    name: 'erasure: show what comes of it again',
    file: timeline,
    from: '    const message = without(came, this.#erased);\n    const held',
    to: '    const message = came;\n    const held',
  },
  {
    name: 'erasure: show it as a page has it that is late',
    file: timeline,
    from: '      const came = without(item, this.#erased);',
    to: '      const came = item;',
  },
  {
    name: 'erasure: keep what is quoted',
    file: 'erased.ts',
    from: '  return { ...message, quote: nothingOf(quote) };',
    to: '  return message;',
  },
  {
    name: 'erasure: keep what this client does not know',
    file: 'erased.ts',
    from: '  const place = { id,',
    to: '  const place = { ...arguments[0], id,',
  },
  {
    name: 'erasure: keep the last message of the list',
    file: 'rooms.ts',
    from: '    if (held?.lastMessage && notice?.erased)',
    to: '    if (false && held?.lastMessage && notice?.erased)',
  },
  {
    name: 'erasure: do what was to be done to it',
    file: 'changes.ts',
    from: 'if (ids.includes(entry.target)) this.#drop(key);',
    to: 'if (ids.includes(entry.target)) void key;',
  },
  {
    name: 'erasure: not hear it from a page of changes',
    file: room,
    from: '    if (page.erased?.length) this.erase(page.erased);\n',
    to: '',
  },
  {
    name: 'erasure: take an older state for the newer one',
    file: order,
    from: '  if (isErased(came)) return came;\n',
    to: '',
  },
  {
    name: 'erasure: keep what is put aside',
    file: timeline,
    from: '    this.#aside.sift((message) => without(message, ranges));\n',
    to: '',
  },
  {
    name: 'changes: believe what was read before a revision',
    file: 'changes.ts',
    from: '(held.stored && held.revisions === 0)',
    to: 'held.stored',
  },
  {
    name: 'changes: take away what was said meanwhile',
    file: 'entries.ts',
    from: "'target' in entry && isSameChange(entry, by.change) ? null : entry",
    to: 'null',
  },
  {
    name: 'changes: lose what another tab has done before it',
    file: 'changes.ts',
    from: "    held.stored = null;\n    this.#host.emit({ type: 'add', entry: held.entry });",
    to: '',
  },
  {
    name: 'changes: take what is not there yet for done by another tab',
    file: 'changes.ts',
    from: '      if (!stored || revisions > 0 || found.has(key)) continue;',
    to: '      if (!stored || found.has(key)) continue;',
  },
  {
    name: 'give back what another tab may have sent',
    file: 'entries.ts',
    from: 'if (left.length > 0) return { ...entry, tries: left };',
    to: '',
  },
  {
    name: 'take a try that was not answered for one that is over',
    file: delivery,
    from: 'this.#isUnsure = true;',
    to: 'this.#isUnsure = false;',
  },
  {
    name: 'take whoever tries meanwhile for over',
    file: outbox,
    from: "kind: 'refuse', refusal, over: tries ?? [] };",
    to: "kind: 'refuse', refusal };",
  },
  {
    name: 'give back at once when the client is started again',
    file: outbox,
    from: '  start(): void {\n    this.#doubt = null;',
    to: '  start(): void {',
  },
  {
    name: 'send once more while it is given back',
    file: outbox,
    from: "this.#phase !== 'storing' || !AWAITED.has(by.kind)",
    to: "this.#phase !== 'storing'",
  },
  {
    name: 'skip what was refused for now, and go on with the next',
    file: delivery,
    from: "        return 'wait';\n      case 'Unauthorized':",
    to: "        return 'final';\n      case 'Unauthorized':",
  },
  {
    name: 'remove from the storage before the answer',
    file: delivery,
    from: '    const id = entry.clientMessageId;\n',
    to: "    const id = entry.clientMessageId;\n    this.#host.emit({ type: 'remove', clientMessageId: id });\n",
  },
  {
    name: 'drain in parallel',
    file: outbox,
    from: '    this.#delivery.step(first);\n',
    to: `    for (const each of this.#pending.entries.filter(({ refusal }) => !refusal).slice(1)) {
      const { n, isDurable, refusal, version, isTried, ...more } = each;
      this.#host.request('sendMessage', more, (value) => value && this.#stored(value as Message));
    }
    this.#delivery.step(first);
`,
  },
  {
    name: 'a new id with each try',
    file: delivery,
    from: '{ ...composed, attachments: ids } : composed;',
    to: '{ ...composed, attachments: ids } : { ...composed, clientMessageId: id + this.#turn };',
  },
  {
    name: 'send what this tab has first, without asking the storage',
    file: outbox,
    from: "    this.#phase = 'loading';\n    this.#isStale = false;\n    this.#emit({ type: 'load', roomId: this.#roomId });",
    to: '    this.#isStale = false;\n    this.#step();',
  },
  {
    name: 'last in, first out',
    file: 'pending.ts',
    from: 'sort((a, b) => a.n - b.n)',
    to: 'sort((a, b) => b.n - a.n)',
  },
  {
    name: 'keep in the storage what the server has',
    file: outbox,
    from: '      this.#pending.drop(id);\n      this.#settled.end(entry);',
    to: '      this.#pending.drop(id);',
  },
  {
    name: 'give up after four tries',
    file: outbox,
    from: ["if (verdict === 'wait') return", '  #isStale = false;\n'],
    to: [
      "if (verdict === 'wait' && ++this.tries < 20) return",
      '  #isStale = false;\n  private tries = 0;\n',
    ],
  },
  {
    name: 'not wait as long as told',
    file: 'wait.ts',
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
    from: '      this.#emit(this.#revision(entry.clientMessageId, by));',
    to: "      this.#emit({ type: 'remove', clientMessageId: entry.clientMessageId });",
  },
  {
    name: 'let a draft stand in the way',
    file: outbox,
    from: '    const first = this.#pending.entries.find(({ refusal }) => !refusal);\n    return first &&',
    to: '    const first = this.#pending.entries[0];\n    return first && !first.refusal &&',
  },
  {
    name: 'believe any answer',
    file: delivery,
    from: 'if (message?.clientMessageId === id && message.roomId === entry.roomId)',
    to: 'if (message)',
  },
  {
    name: 'files: ask for a form anew with each try',
    file: delivery,
    from: 'if (!upload || this.#hasEnded(upload)) {',
    to: 'if (this.#fresh === null) {',
  },
  {
    name: 'files: believe that a file is there whose answer was lost',
    file: delivery,
    from: 'if (!refusal) return filed({ isPosted: true });',
    to: "if (!refusal || refusal.code === 'Unreachable') return filed({ isPosted: true });",
  },
  {
    name: 'files: give up where a form has ended',
    file: delivery,
    from: "if (refusal.code === 'Unknown' && (isOld || this.#isFirstFault()))",
    to: "if (refusal.code === 'Nothing')",
  },
  {
    name: 'files: other ids for what may have been sent',
    file: 'entries.ts',
    from: 'return isTried ? entry : { ...entry, files: by.files };',
    to: 'return { ...entry, files: by.files };',
  },
  {
    name: 'files: give a message back without them',
    file: 'entries.ts',
    from: 'after: null, refusal: by.refusal }',
    to: 'after: null, files: [], refusal: by.refusal }',
  },
  {
    name: 'files: not bring them anew where the server has them no more',
    file: delivery,
    from: 'if (isOfFiles && this.#isFirstFault())',
    to: 'if (isOfFiles && files.length > 99)',
  },
  {
    name: 'marks: not keep what could not be said',
    file: 'marks.ts',
    from: '        this.#store();\n        return this.#wait',
    to: '        return this.#wait',
  },
  {
    name: 'marks: go backwards',
    file: 'marks.ts',
    from: '    if (seq <= this.#wanted) return;\n',
    to: '',
  },
  {
    name: 'marks: remove what was read meanwhile',
    file: 'entries.ts',
    from: 'return entry.seq > by.seq ? entry : null;',
    to: 'return null;',
  },
  {
    name: 'amend: another text for what may have been sent',
    file: 'entries.ts',
    from: "return isTried ? { ...entry, after: { kind: 'edit', ...by.said } } : { ...entry, ...by.said };",
    to: 'return { ...entry, ...by.said };',
  },
  {
    name: 'amend: throw away what may have been sent',
    file: 'entries.ts',
    from: "return isTried && !entry.refusal ? { ...entry, after: { kind: 'remove' } } : null;",
    to: 'return null;',
  },
  {
    name: 'amend: forget what was to be done after it',
    file: 'settled.ts',
    from: '    if (after && target) return this.#follow({ ...after, target }, clientMessageId);\n',
    to: '',
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
    from: '        .filter(({ clientMessageId }) => !this.#settled.has(clientMessageId))\n',
    to: '',
  },
  {
    name: 'drop the echo before the stored message is there',
    file: outbox,
    from: '    this.#listener.tell(message);\n',
    to: '',
  },
  {
    name: 'drop rev: keep what comes last',
    file: order,
    from: '  if (difference < 0) return held;\n',
    to: '  if (difference < 0) return came;\n',
  },
  {
    name: 'drop rev: keep what came first',
    file: order,
    from: 'if (difference > 0) return successor(held, came);',
    to: 'if (difference > 0) return held;',
  },
  {
    name: 'order by arrival',
    file: 'sorted.ts',
    from: 'this.#messages.splice(place(this.#messages, message), 0, message);',
    to: 'this.#messages.push(message);',
  },
  {
    name: 'overlook gaps',
    file: 'reach.ts',
    from: '    return this.newest > this.reached;',
    to: '    return false;',
  },
  {
    name: 'move the head with live events',
    file: timeline,
    from: '    this.#forgetAside();\n  }\n\n  /** The senders',
    to: `    this.#forgetAside();
    const last = items.at(-1);
    if (this.head && last?.seq) this.head = { ...this.head, rev: this.head.rev + 1, ts: last.ts };
  }

  /** The senders`,
  },
  {
    name: 'forget changes of messages that are yet to be read',
    file: timeline,
    from: 'return this.#aside.known(held ? newer(held, message) : message);',
    to: 'return held ? newer(held, message) : message;',
  },
  {
    name: 'trim while the page that meets it is on its way',
    file: timeline,
    from: "if (over <= 0 || this.#underWay.has(end === 'oldest' ? 'older' : 'newer')) return;",
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
    from: '    else this.#catchUp();\n  }\n\n  notSubscribed',
    to: '    else this.#settled();\n  }\n\n  notSubscribed',
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
    name: 'put into the window what came while it was away from the end',
    file: timeline,
    from: '    if (this.hasNewer && (!newest || compare(message, newest) > 0)) return true;\n',
    to: '',
  },
  {
    name: 'let go of nothing at the newest end',
    file: timeline,
    from: "    this.#trim('newest');\n  }\n\n  /** Put a page (oldest first)",
    to: '  }\n\n  /** Put a page (oldest first)',
  },
  {
    name: 'take the last page for the end, whatever came since it was read',
    file: timeline,
    from: '    this.hasNewer = covered < this.reached;',
    to: '    this.hasNewer = false;',
  },
  {
    name: 'forget what came at the end while the last page was on its way',
    file: timeline,
    from: '    if (!this.hasNewer) this.#put(after);',
    to: '',
  },
  {
    name: 'forget what was known of messages that a jump leaves',
    file: timeline,
    from: '      this.#aside.put(message); // it',
    to: '      // it',
  },
  {
    name: 'forget what is let go of while a page is on its way',
    file: timeline,
    from: '      if (message && this.#underWay.size > 0) this.#aside.put(message);\n',
    to: '',
  },
  {
    name: 'take a page for another window',
    file: 'pages.ts',
    from: '      if (window !== this.#window) return;\n',
    to: '',
  },
  {
    name: 'show a reduced change in the place of the message',
    file: order,
    from: '  if (isReduced(held) !== isReduced(came)) {',
    to: '  if (isReduced(held) && !isReduced(came)) {',
  },
  {
    name: 'not read again what is only known to have been changed',
    file: 'aside.ts',
    from: '    if (isStale(kept, came)) this.#stale.set(id, Math.max(revOf(came), this.#stale.get(id) ?? 0));\n    else if',
    to: '    if',
  },
  {
    name: 'leave quotes as they came',
    file: timeline,
    from: '    for (const id of this.#echoes.answersTo(message.id)) {',
    to: '    for (const id of this.#echoes.answersTo("")) {',
  },
  {
    name: 'let an older state bring older reactions back',
    file: 'echoes.ts',
    from: 'const isNews = reacted !== undefined && revOf(reacted) > revOf(message) && !message.removedAt;',
    to: 'const isNews = reacted !== undefined && !message.removedAt && message.rev === null;',
  },
  {
    name: 'keep the messages of another part of the history',
    file: room,
    from: '    if (head && (notice.room?.historyRev ?? 0) > head.rev) return this.reset();',
    to: '   ',
  },
  {
    name: 'believe that a resumed room is complete, though something was missing before',
    file: room,
    from: 'if (isResumed && this.#isComplete && !this.timeline.hasGap) this.#settled();',
    to: 'if (isResumed) this.#settled();',
  },
  {
    name: 'move the unread line with what the person reads',
    file: 'line.ts',
    from: '    if (this.isDecided) return;\n',
    to: '',
  },
  {
    name: 'mark as read what nobody sees',
    file: 'places.ts',
    from: 'if (session.line.isDecided && this.#isVisible && mark.shown',
    to: 'if (session.line.isDecided && mark.shown',
  },
  {
    name: 'show what has expired',
    file: 'expiry.ts',
    from: '  if (message.ts < since) return null;\n',
    to: '',
  },
  {
    name: 'let messages expire by a clock that was set',
    file: 'chat.ts',
    from: 'Math.abs(this.#now - this.#heardAt) < BELIEVED_MS',
    to: 'this.#heardAt > 0',
  },
  {
    name: 'drop a change when its answer comes, whatever was done meanwhile',
    file: 'changes.ts',
    from: '    if (held && isSameChange(held.entry, sent)) this.#held.delete(sent.clientMessageId);',
    to: '    if (held) this.#held.delete(sent.clientMessageId);',
  },
  {
    name: 'keep the first of two edits',
    file: 'changes.ts',
    from: '      held.entry = entry;\n      held.follows = follows;\n      if (held.stored) this.#store(held, held.stored);',
    to: '',
  },
  {
    name: 'send a change without asking the storage',
    file: 'changes.ts',
    from: "    this.#phase = 'loading';\n    this.#host.emit({ type: 'load', roomId: this.#roomId });",
    to: '    this.#send();',
  },
  {
    name: 'let an edit outlive the removal',
    file: 'changes.ts',
    from: 'if (entry.target === change.target) this.#drop(other);',
    to: 'void entry, other;',
  },
  {
    name: 'throw away a change that was refused',
    file: 'changes.ts',
    from: '      held.entry = { ...held.entry, refusal };\n      if (held.stored) this.#store(held, held.stored);',
    to: '      this.#drop(sent.clientMessageId);',
  },
  {
    name: 'take a toggle for another',
    file: 'entries.ts',
    from: 'JSON.stringify([text, on, mentions, mentionsAll])',
    to: 'JSON.stringify([text, mentions, mentionsAll])',
  },
  {
    name: 'hear the same personal event twice',
    file: 'mine.ts',
    from: ' || this.#seen.has(event.id)',
    to: '',
  },
  {
    name: 'ask on where personal events are refused for good',
    file: 'mine.ts',
    from: 'if (isFinal) this.#restsUntil = this.#host.now() + REST_MS;',
    to: '',
  },
  {
    name: 'let somebody write for ever',
    file: 'typing.ts',
    from: 'if (until <= now || until - now > LONGEST_MS) people?.delete(userId);',
    to: 'void until, userId;',
  },
  {
    name: 'ask for the same people again and again',
    file: 'people.ts',
    from: 'if (!held || Math.abs(now - held.at) > OLD_MS) room.wanted.add(id);',
    to: 'if (now >= 0) room.wanted.add(id);',
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
    name: 'make a lost read mark again at once',
    file: 'marks.ts',
    from: '    if (this.#wait.refusal === null) this.due();',
    to: '    this.due();',
  },
  {
    name: 'ask who has a message while nobody sees it',
    file: 'receipts.ts',
    from: ' || !this.#isVisible) return this.#askIn',
    to: ') return this.#askIn',
  },
  {
    name: 'reactions: believe the summary as soon as the server has what was done',
    file: reactions,
    from: '[...this.#done.filter((each) => each.id === id), ...pending]',
    to: '[...pending]',
  },
  {
    name: 'reactions: believe what was done for ever',
    file: reactions,
    from: 'return message && !isOver;',
    to: 'return message;',
  },
  {
    name: 'reactions: not remember what was done where the summary does not say it',
    file: reactions,
    from: '        if (on) known?.add(emoji);\n        else known?.delete(emoji);\n',
    to: '',
  },
  {
    name: 'reactions: ask with each change of a summary',
    file: reactions,
    from: '    if (known && (',
    to: '    if (known && false && (',
  },
  {
    name: 'tabs: wait for a frozen leader for ever',
    file: '../tabs/watch.ts',
    from: "    this.#host.emit({ type: 'steal' });\n",
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
    from: 'for (const tab of this.#others.beat()) this.#forget(tab);',
    to: 'this.#others.beat();',
  },
  {
    name: 'tabs: not find what was stored by one that was killed',
    file: 'connection.ts',
    from: "    this.#host.emit({ type: 'load', roomId: null });\n",
    to: '',
  },
  {
    name: 'tabs: not share what sync says',
    file: tabs,
    from: "      this.#post({ type: 'shared', field, variables, value });\n",
    to: '',
  },
];
