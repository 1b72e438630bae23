// The files of a message: pictures with a preview, everything else as a link. An address is asked for when it is needed, since
// it is good for minutes; the place of a picture is there before the picture, so that nothing moves.
import type { Attachment } from '@appsync-chat/client';
import { useText } from '../i18n/use-text.ts';
import { useSettings } from '../settings/settings.ts';
import { Icon } from '../ui/icon.tsx';
import { useAttachmentUrl } from '../urls.ts';

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

export function Attachments(props: { readonly roomId: string; readonly attachments: readonly Attachment[] }) {
  if (props.attachments.length === 0) return null;
  return (
    <ul className="attachments">
      {props.attachments.map((each) => (
        <li key={each.id}>
          <File roomId={props.roomId} attachment={each} />
        </li>
      ))}
    </ul>
  );
}

function File({ roomId, attachment }: { readonly roomId: string; readonly attachment: Attachment }) {
  const text = useText();
  const size = useSize();
  const name = attachment.name || attachment.id;
  const { url, isGone, renew } = useAttachmentUrl(roomId, attachment.id);
  const isPicture = PICTURES.has(attachment.contentType ?? '');
  if (isGone) {
    return (
      <span className="file">
        <Icon name="file" />
        <span className="file-name" dir="auto">
          {name}
        </span>
        <span className="quiet">{text('timeline.fileGone')}</span>
      </span>
    );
  }
  return (
    <a
      className={isPicture ? 'file picture' : 'file'}
      href={url ?? undefined}
      target="_blank"
      rel="noopener noreferrer"
      onFocus={renew}
      onMouseEnter={renew}
      aria-label={text('timeline.download', { name })}
    >
      {isPicture && url ? (
        <img src={url} alt={name} loading="lazy" decoding="async" onError={renew} />
      ) : (
        <Icon name="file" />
      )}
      <span className="file-name" dir="auto">
        {name}
      </span>
      {attachment.size ? <span className="quiet">{size(attachment.size)}</span> : null}
    </a>
  );
}

const UNITS = ['byte', 'kilobyte', 'megabyte'] as const;

/** A number of bytes as people of the language write it. */
export function useSize(): (bytes: number) => string {
  const { locale } = useSettings();
  return (bytes) => {
    const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
    const format = {
      style: 'unit',
      unit: UNITS[power] ?? 'byte',
      unitDisplay: 'short',
      maximumFractionDigits: 1,
    } as const;
    return new Intl.NumberFormat(locale, format).format(bytes / 1_000 ** power);
  };
}
