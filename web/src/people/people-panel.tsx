// The people of a room and what may be done about them, and what the room's owners may change of it.
import {
  addMemberOperation,
  type Member,
  type MemberPage,
  membersOperation,
  type Role,
  type Room,
} from '@appsync-chat/client';
import { useChat, usePeople, usePresence } from '@appsync-chat/client/react';
import { type FormEvent, useCallback, useEffect, useMemo, useState } from 'react';
import { useText } from '../i18n/use-text.ts';
import { Field } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';
import { useAction } from '../ui/use-action.ts';
import { MemberRow } from './member-row.tsx';
import { RoomEnd } from './room-end.tsx';
import { RoomRules } from './room-rules.tsx';

export default function PeoplePanel(props: {
  readonly roomId: string;
  readonly name: string;
  readonly room: Room | null;
  readonly onClose: () => void;
}) {
  const { roomId, name, room, onClose } = props;
  const text = useText();
  const { members, reload, problem } = useMembers(roomId, room?.head?.rev ?? 0);
  const ids = useMemo(() => members.map(({ userId }) => userId), [members]);
  const people = usePeople(roomId, ids);
  const presence = usePresence(roomId);
  const role: Role = room?.me?.role ?? 'MEMBER';
  const isDirect = Boolean(room?.directWith);
  return (
    <aside className="people" aria-label={text('people.title')}>
      <header className="room-head">
        <h2>{text('people.title')}</h2>
        <button type="button" className="icon-button" onClick={onClose} aria-label={text('app.close')}>
          <Icon name="close" />
        </button>
      </header>
      <div className="people-body">
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <ul className="member-list">
          {members.map((member) => (
            <MemberRow
              key={member.userId}
              roomId={roomId}
              member={member}
              person={people.get(member.userId)}
              status={presence.get(member.userId) ?? null}
              myRole={isDirect ? 'MEMBER' : role}
              onChanged={reload}
            />
          ))}
        </ul>
        {!isDirect && role !== 'MEMBER' && <Invite roomId={roomId} onChanged={reload} />}
        {!isDirect && role === 'OWNER' && room && <RoomRules room={room} />}
        <RoomEnd roomId={roomId} name={name} isOwner={role === 'OWNER' && !isDirect} />
      </div>
    </aside>
  );
}

function Invite({ roomId, onChanged }: { readonly roomId: string; readonly onChanged: () => void }) {
  const text = useText();
  const client = useChat();
  const action = useAction();
  const [userId, setUserId] = useState('');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await action.run(() => client.call(addMemberOperation, { roomId, userId: userId.trim() })))) return;
    setUserId('');
    onChanged();
  };
  return (
    <form onSubmit={submit} className="row-form">
      <Field
        label={text('people.inviteUser')}
        value={userId}
        maxLength={128}
        required
        problem={action.problem}
        onChange={(event) => setUserId(event.target.value)}
      />
      <button type="submit" className="button" disabled={action.isBusy}>
        {text('people.inviteSubmit')}
      </button>
    </form>
  );
}

const MOST_PAGES = 10;

/** Up to a thousand of the room's people, read again when something in the room has changed. */
function useMembers(roomId: string, rev: number) {
  const client = useChat();
  const { problem, run } = useAction();
  const [members, setMembers] = useState<readonly Member[]>([]);
  const read = useCallback(
    () =>
      run(async () => {
        const found: Member[] = [];
        let nextToken: string | null = null;
        for (let page = 0; page < MOST_PAGES; page += 1) {
          const answer: MemberPage | null = await client.call(membersOperation, {
            roomId,
            limit: 100,
            nextToken,
          });
          found.push(...(answer?.items ?? []));
          nextToken = answer?.nextToken ?? null;
          if (!nextToken) break;
        }
        setMembers(found);
      }),
    [client, roomId, run],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever moved the room may have moved its people
  useEffect(() => {
    const timer = setTimeout(read, 300);
    return () => clearTimeout(timer);
  }, [read, rev]);
  return { members, reload: read, problem };
}
