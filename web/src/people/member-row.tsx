// One person of a room: who they are, whether they are there, and what one may do about them.
import {
  banMemberOperation,
  blockUserOperation,
  directOperation,
  type Member,
  muteMemberOperation,
  type Person,
  type PresenceStatus,
  type Role,
  removeMemberOperation,
  setRoleOperation,
} from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { useDates, useText } from '../i18n/use-text.ts';
import { useMe } from '../me.ts';
import { goTo, roomHref } from '../route.ts';
import { Icon } from '../ui/icon.tsx';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { useAction } from '../ui/use-action.ts';
import { Avatar } from './avatar.tsx';

const RANK: Readonly<Record<string, number>> = { OWNER: 2, MODERATOR: 1, MEMBER: 0 };
const ROLE_WORDS: Readonly<Record<string, 'owner' | 'moderator' | 'member'>> = {
  OWNER: 'owner',
  MODERATOR: 'moderator',
  MEMBER: 'member',
};
const STATUS_WORDS: Readonly<Record<string, 'online' | 'away' | 'offline'>> = {
  ONLINE: 'online',
  AWAY: 'away',
  OFFLINE: 'offline',
};
const HOUR_MS = 3_600_000;

interface Props {
  readonly roomId: string;
  readonly member: Member;
  readonly person: Person | undefined;
  readonly status: PresenceStatus | null;
  readonly myRole: Role;
  readonly onChanged: () => void;
}

export function MemberRow(props: Props) {
  const { roomId, member, person, status } = props;
  const text = useText();
  const dates = useDates();
  const me = useMe();
  const { items, problem } = useItems(props);
  const name = person?.name || member.userId;
  const mutedUntil = Date.parse(member.mutedUntil ?? '');
  const role = ROLE_WORDS[member.role ?? 'MEMBER'] ?? 'member';
  const presence = status && STATUS_WORDS[status];
  return (
    <li className="member">
      <Avatar roomId={roomId} userId={member.userId} name={name} person={person} />
      <span className="member-text">
        <span className="sender" dir="auto">
          {name}
        </span>
        <span className="quiet">
          {[
            member.userId === me && text('people.you'),
            text(`people.${role}`),
            presence && text(`people.${presence}`),
            mutedUntil > Date.now() && text('people.muted', { time: dates.full(new Date(mutedUntil)) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        {person?.isConfusable && (
          <span className="problem">
            <Icon name="warning" /> {text('people.confusable')}
          </span>
        )}
        {problem && (
          <span className="problem" role="alert">
            {problem}
          </span>
        )}
      </span>
      {items.length > 0 && (
        <Menu label={text('people.actions', { name })} items={items}>
          <Icon name="more" />
        </Menu>
      )}
    </li>
  );
}

function useItems({ roomId, member, person, myRole, onChanged }: Props) {
  const text = useText();
  const client = useChat();
  const me = useMe();
  const action = useAction();
  const { userId } = member;
  const role = member.role ?? 'MEMBER';
  if (userId === me) return { items: [], problem: null };
  const act = (work: () => Promise<unknown>) => async () => {
    if (await action.run(work)) onChanged();
  };
  const items: MenuItem[] = [
    {
      key: 'write',
      label: text('people.write', { name: person?.name || userId }),
      onChoose: async () => {
        await action.run(async () => {
          const room = await client.call(directOperation, { userId });
          client.refresh();
          if (room) goTo(roomHref(room.roomId));
        });
      },
    },
  ];
  const isBelow = (RANK[myRole] ?? 0) > (RANK[role] ?? 0) || (myRole === 'OWNER' && role === 'OWNER');
  if (myRole === 'OWNER') {
    for (const [next, label] of ROLES) {
      if (next === role) continue;
      const set = () => client.call(setRoleOperation, { roomId, userId, role: next });
      items.push({ key: next, label: text(label), onChoose: act(set) });
    }
  }
  if (myRole !== 'MEMBER' && isBelow) {
    const mute = (ms: number | null) => () =>
      client.call(muteMemberOperation, {
        roomId,
        userId,
        until: ms === null ? null : new Date(Date.now() + ms).toISOString(),
      });
    const isMuted = Date.parse(member.mutedUntil ?? '') > Date.now();
    if (isMuted) items.push({ key: 'unmute', label: text('people.unmute'), onChoose: act(mute(null)) });
    else {
      items.push({ key: 'muteHour', label: text('people.muteHour'), onChoose: act(mute(HOUR_MS)) });
      items.push({ key: 'muteDay', label: text('people.muteDay'), onChoose: act(mute(24 * HOUR_MS)) });
    }
    const gone = { roomId, userId };
    items.push(
      {
        key: 'remove',
        label: text('people.remove'),
        onChoose: act(() => client.call(removeMemberOperation, gone)),
        isDanger: true,
      },
      {
        key: 'ban',
        label: text('people.ban'),
        onChoose: act(() => client.call(banMemberOperation, gone)),
        isDanger: true,
      },
    );
  }
  items.push({
    key: 'block',
    label: text('people.block'),
    onChoose: act(() => client.call(blockUserOperation, { userId })),
    isDanger: true,
  });
  return { items, problem: action.problem };
}

const ROLES = [
  ['OWNER', 'people.makeOwner'],
  ['MODERATOR', 'people.makeModerator'],
  ['MEMBER', 'people.makeMember'],
] as const;
