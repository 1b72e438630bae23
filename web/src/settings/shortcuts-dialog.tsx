import { useText } from '../i18n/use-text.ts';
import { Dialog } from '../ui/dialog.tsx';

const SHORTCUTS = [
  ['Enter', 'send'],
  ['Shift + Enter', 'newline'],
  ['↑', 'editLast'],
  ['Esc', 'cancel'],
  ['↑ ↓ Home End', 'move'],
  ['Enter', 'menu'],
  ['/', 'search'],
  ['c', 'compose'],
  ['?', 'list'],
] as const;

export default function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const text = useText();
  return (
    <Dialog title={text('shortcuts.title')} onClose={onClose}>
      <dl className="shortcuts">
        {SHORTCUTS.map(([keys, does]) => (
          <div key={does}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{text(`shortcuts.${does}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
