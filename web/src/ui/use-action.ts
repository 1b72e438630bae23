// Something that is asked of the chat by a button or a form: whether it is under way, and why it was refused.
import { CallRefused, type Refusal } from '@appsync-chat/client';
import { useCallback, useState } from 'react';
import { type Translate, useText } from '../i18n/use-text.ts';

export interface Action {
  readonly isBusy: boolean;
  /** A sentence for the person, until the next try. */
  readonly problem: string | null;
  /** Resolves to whether it was done. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  readonly clear: () => void;
}

export function useAction(): Action {
  const text = useText();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = useCallback(
    async (work: () => Promise<unknown>) => {
      setBusy(true);
      setProblem(null);
      try {
        await work();
        return true;
      } catch (error) {
        setProblem(text('refusal.failed', { reason: reasonOf(error, text) }));
        return false;
      } finally {
        setBusy(false);
      }
    },
    [text],
  );
  return { isBusy, problem, run, clear: useCallback(() => setProblem(null), []) };
}

export function reasonOf(error: unknown, text: Translate): string {
  return error instanceof CallRefused ? sentenceOf(error.refusal, text) : text('refusal.unreachable');
}

/** What the chat says of it in the person's language; what it says for machines stands behind, in brackets. */
export function sentenceOf(refusal: Refusal, text: Translate): string {
  const sentence = refusal.sentence.replace(/ ?\[code=[^\]]*\]$/, '');
  if (sentence) return sentence;
  return text(refusal.code === 'Unreachable' ? 'refusal.unreachable' : 'refusal.unknown');
}
