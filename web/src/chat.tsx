// The signed-in page: rooms on one side, the chosen room on the other. On a narrow screen one of them.
import { useConnection, useRooms } from '@appsync-chat/client/react';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Announcer } from './announcer/announcer.tsx';
import { DraftsProvider } from './composer/draft.ts';
import { ConnectionBar } from './connection-bar.tsx';
import { useText } from './i18n/use-text.ts';
import { Me, useMyName } from './me.ts';
import { DataNotice } from './people/data-notice.tsx';
import { RoomList } from './rooms/room-list.tsx';
import { useRoute } from './route.ts';
import { useShortcuts } from './settings/use-shortcuts.ts';
import { Icon } from './ui/icon.tsx';

const loadRoom = () => import('./rooms/room.tsx');
const Room = lazy(loadRoom);
const SettingsDialog = lazy(() => import('./settings/settings-dialog.tsx'));
const SignOut = lazy(() => import('./session/sign-out.tsx'));
const ShortcutsDialog = lazy(() => import('./settings/shortcuts-dialog.tsx'));

type Open = 'settings' | 'shortcuts' | 'signOut' | null;

export function Chat(props: {
  readonly userId: string;
  readonly onSignOut: () => void;
  readonly onSignInAgain: () => void;
}) {
  const { userId, onSignOut, onSignInAgain } = props;
  const text = useText();
  const { roomId, messageId } = useRoute();
  const [open, setOpen] = useState<Open>(null);
  const search = useRef<HTMLInputElement>(null);
  const close = useCallback(() => setOpen(null), []);
  useTitle(roomId);
  useEffect(() => {
    loadRoom().catch(() => {}); // it is tried again where it is shown
  }, []);
  useShortcuts(
    useMemo(
      () => ({
        help: () => setOpen('shortcuts'),
        search: () => search.current?.focus(),
        compose: () => document.getElementById('composer')?.focus(),
      }),
      [],
    ),
  );
  return (
    <Me userId={userId}>
      <DraftsProvider>
        <Announcer>
          <button type="button" className="skip" onClick={() => document.getElementById('timeline')?.focus()}>
            {text('app.skip')}
          </button>
          <div className={roomId ? 'layout in-room' : 'layout'}>
            <nav className="sidebar" aria-label={text('rooms.title')}>
              <header className="sidebar-head">
                <h1>{text('app.name')}</h1>
                <button
                  type="button"
                  className="icon-button"
                  aria-label={text('shortcuts.open')}
                  onClick={() => setOpen('shortcuts')}
                >
                  <Icon name="keyboard" />
                </button>
                <button
                  type="button"
                  className="icon-button"
                  aria-label={text('settings.title')}
                  onClick={() => setOpen('settings')}
                >
                  <Icon name="settings" />
                </button>
              </header>
              <RoomList current={roomId} search={search} />
              <footer className="sidebar-foot">
                <Who userId={userId} />
                <button type="button" className="button small" onClick={() => setOpen('signOut')}>
                  {text('signIn.out')}
                </button>
              </footer>
            </nav>
            <main className="main">
              <div>
                <ConnectionBar onSignInAgain={onSignInAgain} />
                <DataNotice />
              </div>
              {roomId ? (
                <Suspense fallback={<p className="whole quiet">{text('app.loading')}</p>}>
                  <Room key={roomId} roomId={roomId} messageId={messageId} />
                </Suspense>
              ) : (
                <p className="whole quiet">{text('room.choose')}</p>
              )}
            </main>
          </div>
          <Suspense>
            {open === 'settings' && <SettingsDialog onClose={close} />}
            {open === 'shortcuts' && <ShortcutsDialog onClose={close} />}
            {open === 'signOut' && <SignOut onSignOut={onSignOut} onClose={close} />}
          </Suspense>
        </Announcer>
      </DraftsProvider>
    </Me>
  );
}

/** What one is called, and one's id where that says more. */
function Who({ userId }: { readonly userId: string }) {
  const { name } = useMyName();
  return (
    <span className="who" dir="auto" title={userId}>
      {name ?? userId}
    </span>
  );
}

/** The room and what is unread, for tabs and screen readers. */
function useTitle(roomId: string | null): void {
  const rooms = useRooms();
  const { connection } = useConnection();
  const text = useText();
  const unread = rooms.reduce((sum, room) => sum + (room.roomId === roomId ? 0 : room.unread), 0);
  const name = rooms.find((each) => each.roomId === roomId)?.room?.name ?? roomId;
  useEffect(() => {
    const parts = [name, text('app.name')].filter(Boolean).join(' · ');
    document.title = unread > 0 ? `(${unread}) ${parts}` : parts;
  }, [name, unread, text]);
  useEffect(() => {
    document.documentElement.dataset.connection = connection;
  }, [connection]);
}
