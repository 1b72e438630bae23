// Files that go with the next message: chosen, pasted or dropped. The client stores them with it and brings them to their place.
import { type ChangeEvent, type ClipboardEvent, type DragEvent, useRef, useState } from 'react';

const MOST = 10;

interface Chosen {
  readonly key: number;
  readonly file: File;
}

export interface Files {
  readonly chosen: readonly Chosen[];
  readonly remove: (key: string | number) => void;
  readonly clear: () => void;
  readonly onChoose: (event: ChangeEvent<HTMLInputElement>) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
}

export function useFiles(): Files {
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);
  const keys = useRef(0);

  const add = (files: Iterable<File>) => {
    const space = MOST - chosen.length;
    const fresh = [...files].slice(0, Math.max(0, space)).map((file) => {
      keys.current += 1;
      return { key: keys.current, file };
    });
    setChosen([...chosen, ...fresh]);
  };

  return {
    chosen,
    remove: (key) => setChosen((before) => before.filter((each) => each.key !== key)),
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
