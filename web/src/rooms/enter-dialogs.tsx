// Ways into a room: making one, joining one by its id, or writing to one person.
import { createRoomOperation, directOperation, joinRoomOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { goTo, roomHref } from '../route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { useAction } from '../ui/use-action.ts';

interface Closing {
  readonly onClose: () => void;
}

const WAYS = { create: CreateRoom, join: JoinRoom, direct: WriteTo } as const;

export default function EnterDialog({ way, onClose }: Closing & { readonly way: keyof typeof WAYS }) {
  const Way = WAYS[way];
  return <Way onClose={onClose} />;
}

function CreateRoom({ onClose }: Closing) {
  const text = useText();
  const client = useChat();
  const [name, setName] = useState('');
  const [members, setMembers] = useState('');
  const [isPublic, setPublic] = useState(false);
  const create = async () => {
    const made = await client.call(createRoomOperation, {
      name: name.trim() || null,
      visibility: isPublic ? 'PUBLIC' : 'PRIVATE',
      members: members
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
    });
    return made?.roomId;
  };
  return (
    <EnterForm
      title={text('rooms.createTitle')}
      action={text('rooms.createSubmit')}
      enter={create}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Field
            label={text('rooms.createName')}
            value={name}
            maxLength={100}
            problem={problem}
            onChange={(event) => setName(event.target.value)}
          />
          <Field
            label={text('rooms.createMembers')}
            value={members}
            onChange={(event) => setMembers(event.target.value)}
          />
          <label className="check">
            <input type="checkbox" checked={isPublic} onChange={(event) => setPublic(event.target.checked)} />
            {text('rooms.createPublic')}
          </label>
        </>
      )}
    </EnterForm>
  );
}

function JoinRoom({ onClose }: Closing) {
  const text = useText();
  const client = useChat();
  const [roomId, setRoomId] = useState('');
  const join = async () => {
    await client.call(joinRoomOperation, { roomId: roomId.trim() });
    return roomId.trim();
  };
  return (
    <EnterForm title={text('rooms.join')} action={text('rooms.joinSubmit')} enter={join} onClose={onClose}>
      {(problem) => (
        <Field
          label={text('rooms.joinId')}
          value={roomId}
          maxLength={134}
          required
          problem={problem}
          onChange={(event) => setRoomId(event.target.value)}
        />
      )}
    </EnterForm>
  );
}

function WriteTo({ onClose }: Closing) {
  const text = useText();
  const client = useChat();
  const [userId, setUserId] = useState('');
  const write = async () => (await client.call(directOperation, { userId: userId.trim() }))?.roomId;
  return (
    <EnterForm
      title={text('rooms.direct')}
      action={text('rooms.directSubmit')}
      enter={write}
      onClose={onClose}
    >
      {(problem) => (
        <Field
          label={text('rooms.directUser')}
          value={userId}
          maxLength={128}
          required
          problem={problem}
          onChange={(event) => setUserId(event.target.value)}
        />
      )}
    </EnterForm>
  );
}

function EnterForm(props: {
  readonly title: string;
  readonly action: string;
  /** Resolves to the room's id. */
  readonly enter: () => Promise<string | undefined>;
  readonly onClose: () => void;
  readonly children: (problem: string | null) => ReactNode;
}) {
  const text = useText();
  const client = useChat();
  const form = useId();
  const action = useAction();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    let roomId: string | undefined;
    const isIn = await action.run(async () => {
      roomId = await props.enter();
    });
    if (!isIn) return;
    client.refresh();
    props.onClose();
    if (roomId) goTo(roomHref(roomId));
  };
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      actions={
        <>
          <button type="button" className="button" onClick={props.onClose}>
            {text('app.cancel')}
          </button>
          <button type="submit" form={form} className="button primary" disabled={action.isBusy}>
            {props.action}
          </button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="stack">
        {props.children(action.problem)}
      </form>
    </Dialog>
  );
}
