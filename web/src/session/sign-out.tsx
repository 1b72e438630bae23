// Signing out takes away what is kept here; what is not sent yet is said before.
import { useWaiting } from '@appsync-chat/client/react';
import { useText } from '../i18n/use-text.ts';
import { Confirm } from '../ui/dialog.tsx';

export default function SignOut(props: { readonly onSignOut: () => void; readonly onClose: () => void }) {
  const text = useText();
  const waiting = useWaiting();
  const lost = waiting > 0 ? ` ${text('signIn.outWaiting', { count: waiting })}` : '';
  return (
    <Confirm
      title={text('signIn.outTitle')}
      text={`${text('signIn.outText')}${lost}`}
      action={text('signIn.out')}
      onConfirm={props.onSignOut}
      onClose={props.onClose}
    />
  );
}
