// What one has chosen for this browser, and what people call one.
import { updateMeOperation } from '@appsync-chat/client';
import { useChat } from '@appsync-chat/client/react';
import { type FormEvent, useState } from 'react';
import { useAnnounce } from '../announcer/announcer.tsx';
import { useText } from '../i18n/use-text.ts';
import { useMyName } from '../me.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Choice, Field } from '../ui/field.tsx';
import { useAction } from '../ui/use-action.ts';
import { setSettings, useSettings } from './settings.ts';

const LANGUAGES = [
  { value: 'en', label: 'English', lang: 'en' },
  { value: 'es', label: 'Español', lang: 'es' },
  { value: 'fr', label: 'Français', lang: 'fr' },
] as const;

export default function SettingsDialog({ onClose }: { readonly onClose: () => void }) {
  const text = useText();
  const { locale, theme, density, shortcuts } = useSettings();
  return (
    <Dialog title={text('settings.title')} onClose={onClose}>
      <Choice
        legend={text('settings.language')}
        value={locale}
        options={LANGUAGES}
        onChange={(next) => setSettings({ locale: next })}
      />
      <Choice
        legend={text('settings.theme')}
        value={theme}
        options={[
          { value: 'system', label: text('settings.system') },
          { value: 'light', label: text('settings.light') },
          { value: 'dark', label: text('settings.dark') },
        ]}
        onChange={(next) => setSettings({ theme: next })}
      />
      <Choice
        legend={text('settings.density')}
        value={density}
        options={[
          { value: 'comfortable', label: text('settings.comfortable') },
          { value: 'compact', label: text('settings.compact') },
        ]}
        onChange={(next) => setSettings({ density: next })}
      />
      <Choice
        legend={text('settings.shortcuts')}
        value={shortcuts}
        options={[
          { value: 'on', label: text('settings.on') },
          { value: 'off', label: text('settings.off') },
        ]}
        onChange={(next) => setSettings({ shortcuts: next })}
      />
      <Name />
    </Dialog>
  );
}

function Name() {
  const text = useText();
  const client = useChat();
  const announce = useAnnounce();
  const action = useAction();
  const mine = useMyName();
  const [name, setName] = useState(mine.name ?? '');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const isSaved = await action.run(() => client.call(updateMeOperation, { name: name.trim() }));
    if (!isSaved) return;
    mine.rename(name.trim());
    announce(text('settings.nameSaved'));
  };
  return (
    <form onSubmit={submit} className="row-form">
      <Field
        label={text('settings.name')}
        value={name}
        maxLength={100}
        autoComplete="nickname"
        problem={action.problem}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="button" disabled={action.isBusy || !name.trim()}>
        {text('app.save')}
      </button>
    </form>
  );
}
