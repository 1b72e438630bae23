// What is being written to a room: a new message, an answer, or another text for one's own message.
import type { Message } from '@appsync-chat/client';
import { useChat, usePeople, type useRoom, useTyping } from '@appsync-chat/client/react';
import {
  type ChangeEvent,
  type FormEvent,
  type KeyboardEvent,
  lazy,
  type RefObject,
  Suspense,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useText } from '../i18n/use-text.ts';
import { Icon } from '../ui/icon.tsx';
import { useDraft } from './draft.ts';
import { EmojiButton } from './emoji-button.tsx';
import { useFiles } from './files.tsx';
import { MentionList } from './mention-list.tsx';
import { mentioned, useMentions } from './mentions.ts';

const FileList = lazy(() => import('./file-list.tsx'));

export type Writing =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit'; readonly message: Message }
  | { readonly kind: 'reply'; readonly message: Message };

/** In code points, as the chat counts. */
const MOST_CHARACTERS = 4_000;

export function Composer(props: {
  readonly room: ReturnType<typeof useRoom>;
  readonly name: string;
  readonly writing: Writing;
  /** Whether it has the focus from the beginning: it takes the place of another one. */
  readonly focuses: boolean;
  readonly onDone: () => void;
  readonly onEditLast: () => void;
}) {
  const { room, name, writing, focuses, onDone, onEditLast } = props;
  const { roomId } = room;
  const text = useText();
  const client = useChat();
  const area = useRef<HTMLTextAreaElement>(null);
  const [words, setWords] = useDraft(roomId, writing.kind === 'edit' ? (writing.message.text ?? '') : null);
  const [problem, setProblem] = useState<string | null>(null);
  const files = useFiles();
  const put = usePut(area, words, setWords);
  const mentions = useMentions(roomId, area, words, put);
  const { say: sayTyping } = useTyping(roomId);
  const answered = writing.kind === 'reply' ? writing.message.senderId : null;
  const people = usePeople(
    roomId,
    useMemo(() => (answered === null ? [] : [answered]), [answered]),
  );
  const over = [...words].length - MOST_CHARACTERS;
  const isEditing = writing.kind === 'edit';

  useLayoutEffect(() => {
    if (focuses || writing.kind !== 'new') area.current?.focus();
  }, [focuses, writing]);

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (over > 0) return setProblem(text('composer.tooLong', { count: over }));
    if (!words.trim() && files.chosen.length === 0) return setProblem(text('composer.empty'));
    const ids = mentioned(words, mentions.known);
    if (writing.kind === 'edit') client.edit(roomId, writing.message.id, words, { mentions: ids });
    else {
      client.send(roomId, words, {
        ...(writing.kind === 'reply' ? { replyTo: writing.message.id } : {}),
        ...(ids.length > 0 ? { mentions: ids } : {}),
        ...(files.chosen.length > 0 ? { files: files.chosen.map(({ file }) => file) } : {}),
      });
    }
    setWords('');
    setProblem(null);
    files.clear();
    onDone();
    area.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) submit(event);
    else if (event.key === 'Escape' && writing.kind !== 'new') {
      setWords('');
      onDone();
    } else if (event.key === 'ArrowUp' && words === '' && writing.kind === 'new') {
      event.preventDefault();
      onEditLast();
    }
  };

  const onChange = (event: ChangeEvent<HTMLTextAreaElement>) => {
    setWords(event.target.value);
    setProblem(null);
    mentions.look();
    if (event.target.value && !isEditing) sayTyping();
  };

  return (
    <form
      className="composer"
      onSubmit={submit}
      onDragOver={(event) => event.preventDefault()}
      onDrop={files.onDrop}
    >
      {writing.kind !== 'new' && (
        <p className="composer-about">
          <span>
            {answered === null
              ? text('composer.editing')
              : text('composer.replying', { name: people.get(answered)?.name || answered })}
          </span>
          <button
            type="button"
            className="button small"
            onClick={() => {
              setWords('');
              onDone();
            }}
          >
            {text('composer.stop')}
          </button>
        </p>
      )}
      {files.chosen.length > 0 && (
        <Suspense>
          <FileList
            files={files.chosen.map(({ key, file: { name, size } }) => ({ key, name, size }))}
            onRemove={files.remove}
          />
        </Suspense>
      )}
      <div className="composer-row">
        {!isEditing && (
          <label className="icon-button">
            <Icon name="attach" />
            <span className="visually-hidden">{text('composer.attach')}</span>
            <input type="file" multiple className="visually-hidden" onChange={files.onChoose} />
          </label>
        )}
        <div className="composer-text" data-text={words}>
          <textarea
            ref={area}
            id="composer"
            rows={1}
            dir="auto"
            value={words}
            aria-label={text('composer.label', { room: name })}
            placeholder={text('composer.placeholder')}
            aria-invalid={problem ? true : undefined}
            aria-describedby={problem ? 'composer-problem' : undefined}
            {...mentions.described}
            onChange={onChange}
            onKeyDown={onKeyDown}
            onPaste={files.onPaste}
          />
          <MentionList mentions={mentions} />
        </div>
        <EmojiButton onChoose={(emoji) => insert(area.current, emoji, put)} />
        <button
          type="submit"
          className="icon-button primary"
          aria-label={text(isEditing ? 'composer.save' : 'composer.send')}
        >
          <Icon name={isEditing ? 'check' : 'send'} />
        </button>
      </div>
      {problem && (
        <p id="composer-problem" className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

/** Sets the words and the caret, which stands before anything else is typed. */
function usePut(
  area: RefObject<HTMLTextAreaElement | null>,
  words: string,
  setWords: (words: string) => void,
): (words: string, caret: number) => void {
  const wanted = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caret follows the words
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    area.current?.focus();
    area.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = null;
  }, [area, words]);
  return (next, caret) => {
    wanted.current = caret;
    setWords(next);
  };
}

/** Puts a text where the caret is, and the caret after it. */
function insert(
  area: HTMLTextAreaElement | null,
  words: string,
  put: (words: string, caret: number) => void,
): void {
  if (!area) return;
  const { selectionStart: from, selectionEnd: to, value } = area;
  put(value.slice(0, from) + words + value.slice(to), from + words.length);
}
