// Whose token it is: the chat names people by a claim of the deployment's choice, so it is asked.
import { CallRefused, type GetToken, meOperation } from '@appsync-chat/client';
import { appsync } from '@appsync-chat/client/appsync';

/** `known`: who it was the last time, which holds where there is no link. */
export async function askWho(url: string, getToken: GetToken, known?: string): Promise<string> {
  const me = await appsync({ url, getToken })
    .call(meOperation, {})
    .catch((error: unknown) => {
      if (isUnreachable(error) && known) return { userId: known };
      throw error;
    });
  if (!me) throw new Error('the chat does not know who this is');
  return me.userId;
}

const isUnreachable = (error: unknown) =>
  error instanceof CallRefused && error.refusal.code === 'Unreachable';
