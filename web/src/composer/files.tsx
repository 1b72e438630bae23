// Files that go with the next message: chosen, pasted or dropped.
import { type ChangeEvent, type ClipboardEvent, type DragEvent, useCallback, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { useSize } from '../timeline/attachments.tsx';
import { Icon } from '../ui/icon.tsx';

const MOST = 10;

export interface Files {
  readonly chosen: readonly File[];
  readonly remove: (file: File) => void;
  readonly clear: () => void;
  readonly onChoose: (event: ChangeEvent<HTMLInputElement>) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
}

export function useFiles(): Files {
  const [chosen, setChosen] = useState<readonly File[]>([]);
  const add = useCallback((list: DataTransfer['files'] | null) => {
    if (list?.length) setChosen((before) => [...before, ...list].slice(0, MOST));
  }, []);
  return {
    chosen,
    remove: (file) => setChosen(chosen.filter((each) => each !== file)),
    clear: () => setChosen([]),
    onChoose: (event) => {
      add(event.target.files);
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
  const text = useText();
  const size = useSize();
  if (files.chosen.length === 0) return null;
  return (
    <ul className="composer-files">
      {files.chosen.map((file) => (
        <li key={`${file.name}/${file.size}/${file.lastModified}`} className="file">
          <Icon name="file" />
          <span className="file-name" dir="auto">
            {file.name}
          </span>
          <span className="quiet">{size(file.size)}</span>
          <button
            type="button"
            className="icon-button"
            aria-label={text('composer.removeFile', { name: file.name })}
            onClick={() => files.remove(file)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
