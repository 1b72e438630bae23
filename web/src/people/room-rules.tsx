// What owners may change of a room.
import { type Room, updateRoomOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { type FormEvent, useState } from 'react';
import { useAnnounce } from '../announcer/announcer.tsx';
import { useText } from '../i18n/use-text.ts';
import { Field } from '../ui/field.tsx';
import { useAction } from '../ui/use-action.ts';

export function RoomRules({ room }: { readonly room: Room }) {
  const text = useText();
  const client = useChat();
  const announce = useAnnounce();
  const action = useAction();
  const [name, setName] = useState(room.name ?? '');
  const [description, setDescription] = useState(room.description ?? '');
  const [slowModeSeconds, setSlowMode] = useState(String(room.slowModeSeconds ?? 0));
  const [archived, setArchived] = useState(Boolean(room.archivedAt));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const rules = {
      roomId: room.roomId,
      name: name.trim() || null,
      description: description.trim() || null,
      slowModeSeconds: Number(slowModeSeconds) || 0,
      archived,
    };
    if (!(await action.run(() => client.call(updateRoomOperation, rules)))) return;
    client.refresh();
    announce(text('settings.saved'));
  };
  return (
    <form onSubmit={submit} className="stack">
      <h3>{text('settings.room')}</h3>
      <Field
        label={text('settings.roomName')}
        value={name}
        maxLength={100}
        problem={action.problem}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={text('settings.roomDescription')}
        value={description}
        maxLength={500}
        onChange={(event) => setDescription(event.target.value)}
      />
      <Field
        label={text('settings.slowMode')}
        type="number"
        min={0}
        max={21_600}
        value={slowModeSeconds}
        onChange={(event) => setSlowMode(event.target.value)}
      />
      <label className="check">
        <input type="checkbox" checked={archived} onChange={(event) => setArchived(event.target.checked)} />
        {text('settings.archived')}
      </label>
      <button type="submit" className="button" disabled={action.isBusy}>
        {text('app.save')}
      </button>
    </form>
  );
}
