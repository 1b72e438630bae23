// Files that go with the next message: chosen, pasted or dropped, and brought to their place while the text is written.
import { useChat } from '@appsync-chat/client/react';
import { type ChangeEvent, type ClipboardEvent, type DragEvent, useCallback, useRef, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { useSize } from '../timeline/attachments.tsx';
import { Icon } from '../ui/icon.tsx';
import { reasonOf } from '../ui/use-action.ts';

const MOST = 10;

interface Chosen {
  readonly key: number;
  readonly file: File;
  /** From 0 to 1. */
  readonly part: number;
  /** The attachment's id, once the file is there. */
  readonly id: string | null;
  readonly problem: string | null;
}

export interface Files {
  readonly chosen: readonly Chosen[];
  /** The attachments' ids; `null` while something is under way or has failed. */
  readonly ids: readonly string[] | null;
  readonly again: (key: number) => void;
  readonly remove: (key: number) => void;
  readonly clear: () => void;
  readonly onChoose: (event: ChangeEvent<HTMLInputElement>) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
}

export function useFiles(roomId: string): Files {
  const text = useText();
  const client = useChat();
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const keys = useRef(0);
  const endings = useRef(new Map<number, AbortController>());

  const change = useCallback((key: number, said: Partial<Chosen>) => {
    setChosen((before) => before.map((each) => (each.key === key ? { ...each, ...said } : each)));
  }, []);

  const start = useCallback(
    async (key: number, file: File) => {
      const ending = new AbortController();
      endings.current.set(key, ending);
      change(key, { part: 0, problem: null });
      try {
        const onProgress = (part: number) => change(key, { part });
        const id = await client.upload(roomId, file, { onProgress, signal: ending.signal });
        change(key, { id, part: 1 });
      } catch (error) {
        change(key, { problem: reasonOf(error, text) });
      }
    },
    [client, roomId, change, text],
  );

  const add = (files: Iterable<File>) => {
    const space = MOST - chosen.length;
    const fresh = [...files].slice(0, Math.max(0, space)).map((file) => {
      keys.current += 1;
      return { key: keys.current, file, part: 0, id: null, problem: null };
    });
    setChosen([...chosen, ...fresh]);
    for (const { key, file } of fresh) void start(key, file);
  };

  const remove = (key: number) => {
    endings.current.get(key)?.abort();
    setChosen((before) => before.filter((each) => each.key !== key));
  };

  const ids = chosen.map(({ id }) => id);
  return {
    chosen,
    ids: ids.every((id) => id !== null) ? ids : null,
    again: (key) => {
      const found = chosen.find((each) => each.key === key);
      if (found) void start(key, found.file);
    },
    remove,
    clear: () => setChosen([]),
    onChoose: (event) => {
      add(event.target.files ?? []);
      event.target.value = ''; // the same file may be chosen again
    },
    onPaste: (event) => {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      add(event.clipboardData.files);
    },
    onDrop: (event) => {
      event.preventDefault();
      add(event.dataTransfer.files);
    },
  };
}

export function FileList({ files }: { readonly files: Files }) {
  if (files.chosen.length === 0) return null;
  return (
    <ul className="composer-files">
      {files.chosen.map((each) => (
        <FileRow key={each.key} chosen={each} files={files} />
      ))}
    </ul>
  );
}

function FileRow({ chosen, files }: { readonly chosen: Chosen; readonly files: Files }) {
  const text = useText();
  const size = useSize();
  const { key, file, part, id, problem } = chosen;
  const percent = Math.round(part * 100);
  return (
    <li className="file">
      <Icon name={problem ? 'warning' : id ? 'check' : 'file'} />
      <span className="file-name" dir="auto">
        {file.name}
      </span>
      <span className="quiet">{size(file.size)}</span>
      {!id && !problem && (
        <progress
          max={1}
          value={part}
          aria-label={text('composer.uploading', { name: file.name, percent })}
        />
      )}
      {problem && (
        <>
          <span className="problem" role="alert">
            {problem}
          </span>
          <button type="button" className="button small" onClick={() => files.again(key)}>
            {text('app.again')}
          </button>
        </>
      )}
      <button
        type="button"
        className="icon-button"
        aria-label={text('composer.removeFile', { name: file.name })}
        onClick={() => files.remove(key)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
