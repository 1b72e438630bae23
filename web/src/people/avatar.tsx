// A person's picture, or the first letter of their name. Beside the name it says nothing of its own.
import type { Person } from '@appsync-chat/client';
import { useState } from 'react';
import { Icon } from '../ui/icon.tsx';
import { useAvatarUrl } from '../urls.ts';

export function Avatar(props: {
  readonly roomId: string;
  readonly userId: string;
  readonly name: string;
  readonly person: Person | undefined;
}) {
  const { roomId, userId, name, person } = props;
  const url = useAvatarUrl(roomId, person);
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <span className={`avatar hue${hueOf(userId)}`} aria-hidden="true">
      {url && broken !== url ? <img src={url} alt="" onError={() => setBroken(url)} /> : initial(name)}
    </span>
  );
}

/** In the place of the picture of whoever was erased. */
export function NobodysAvatar() {
  return (
    <span className="avatar erased" aria-hidden="true">
      <Icon name="person" />
    </span>
  );
}

const HUES = 8;

/** One of the theme's colours, the same wherever the person is shown. */
function hueOf(userId: string): number {
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % HUES;
}

function initial(name: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim());
  return (first?.segment ?? '?').toUpperCase();
}
