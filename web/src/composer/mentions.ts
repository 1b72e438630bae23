// Completing the name of somebody who is mentioned: a list of the room's people after an `@`, with
// the keys of a combobox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/). It stays a textbox: a field of many lines may
// have no other role (https://www.w3.org/TR/html-aria/#el-textarea).
import { type Person, searchPeopleOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { type KeyboardEvent, type RefObject, useCallback, useRef, useState } from 'react';

/** Not after a letter, so that no address is taken for one. */
const WANTED = /(?<![\p{L}\p{N}])@([\p{L}\p{N}._-]{0,40})$/u;
const PAUSE_MS = 150;

export interface Mentions {
  readonly found: readonly Person[];
  readonly active: number;
  readonly choose: (person: Person) => void;
  /** Whom words stand for. */
  readonly known: ReadonlyMap<string, string>;
  /** The caret may have moved. */
  readonly look: () => void;
  /** Whether the list took the key. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean;
  readonly described: Readonly<Record<string, string | boolean | undefined>>;
}

export function useMentions(
  roomId: string,
  area: RefObject<HTMLTextAreaElement | null>,
  words: string,
  setWords: (words: string, caret: number) => void,
): Mentions {
  const client = useChat();
  const [found, setFound] = useState<readonly Person[]>([]);
  const [active, setActive] = useState(0);
  const known = useRef(new Map<string, string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const asked = useRef(0);

  const look = useCallback(() => {
    clearTimeout(timer.current);
    asked.current += 1;
    const number = asked.current;
    timer.current = setTimeout(async () => {
      const prefix = wantedAt(area.current);
      if (prefix === null || prefix === '') return setFound([]);
      const people = await client.call(searchPeopleOperation, { roomId, prefix, limit: 8 }).catch(() => null);
      if (number !== asked.current) return;
      setFound(people ?? []);
      setActive(0);
    }, PAUSE_MS);
  }, [area, client, roomId]);

  const choose = (person: Person) => {
    const at = area.current?.selectionStart ?? words.length;
    const before = words.slice(0, at).replace(WANTED, `@${person.name || person.userId} `);
    known.current.set(`@${person.name || person.userId}`, person.userId);
    setWords(before + words.slice(at), before.length);
    setFound([]);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (found.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const person = found[active];
    if (step) setActive((active + step + found.length) % found.length);
    else if ((event.key === 'Enter' || event.key === 'Tab') && person) choose(person);
    else if (event.key === 'Escape') setFound([]);
    else return false;
    event.preventDefault();
    return true;
  };

  const isOpen = found.length > 0;
  return {
    found,
    active,
    choose,
    known: known.current,
    look,
    onKeyDown,
    described: isOpen
      ? {
          'aria-autocomplete': 'list',
          'aria-haspopup': 'listbox',
          'aria-controls': 'mention-list',
          'aria-activedescendant': `mention-${active}`,
        }
      : {},
  };
}

function wantedAt(area: HTMLTextAreaElement | null): string | null {
  if (!area || area.selectionStart !== area.selectionEnd) return null;
  return WANTED.exec(area.value.slice(0, area.selectionStart))?.[1] ?? null;
}

const MOST = 20;

/** Who is still mentioned by the words as they were sent. */
export function mentioned(words: string, known: ReadonlyMap<string, string>): string[] {
  const ids = new Set<string>();
  for (const [word, id] of known) if (words.includes(word)) ids.add(id);
  return [...ids].slice(0, MOST);
}
