// Files as they are shown before they are part of a message: those that are chosen, and those that wait with it.
import { useText } from '../i18n/use-text.ts';
import { useSize } from '../timeline/attachments.tsx';
import { Icon } from '../ui/icon.tsx';

export interface ListedFile {
  readonly key: string | number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** How much of it is there, from 0 to 1. */
  readonly part?: number;
}

export default function FileList(props: {
  readonly files: readonly ListedFile[];
  /** Where they can be taken out again. */
  readonly onRemove?: (key: string | number) => void;
}) {
  const text = useText();
  const size = useSize();
  const { files, onRemove } = props;
  return (
    <ul className="composer-files">
      {files.map(({ key, name, size: bytes, part = 0 }) => (
        <li key={key} className="file">
          <Icon name={part === 1 ? 'check' : 'file'} />
          <span className="file-name" dir="auto">
            {name}
          </span>
          <span className="quiet">{size(bytes)}</span>
          {part > 0 && part < 1 && (
            <progress
              max={1}
              value={part}
              aria-label={text('composer.uploading', { name, percent: Math.round(part * 100) })}
            />
          )}
          {onRemove && (
            <button
              type="button"
              className="icon-button"
              aria-label={text('composer.removeFile', { name })}
              onClick={() => onRemove(key)}
            >
              <Icon name="close" />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
