// What GraphiQL asks with: queries and mutations over HTTP, subscriptions over WebSocket.
import type { GraphiQL } from 'graphiql';
import { getOperationAST } from 'graphql';
import type { ComponentProps } from 'react';
import { type Endpoint, type Stage, subscribe } from './subscription.ts';

export type Fetcher = ComponentProps<typeof GraphiQL>['fetcher'];

interface Asked {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: unknown;
}

/** `tell` hears what becomes of a subscription. */
export function fetcherOf(endpoint: Endpoint, tell: (stage: Stage) => void): Fetcher {
  const fetcher = (asked: Asked, options?: Parameters<Fetcher>[1]) => {
    const { query, operationName, variables } = asked;
    const request = { query, variables: variables ?? {}, ...(operationName ? { operationName } : {}) };
    const operation = options?.documentAST && getOperationAST(options.documentAST, operationName);
    if (operation?.operation !== 'subscription') return overHttp(endpoint, request, options?.headers);
    return {
      subscribe: (observer: Parameters<typeof subscribe>[2]) => ({
        unsubscribe: subscribe(endpoint, request, observer, tell),
      }),
    };
  };
  return fetcher as Fetcher;
}

async function overHttp(
  { url, tokens }: Endpoint,
  request: object,
  headers: Readonly<Record<string, unknown>> | undefined,
): Promise<object> {
  const post = (token: string) =>
    fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', authorization: token },
      body: JSON.stringify(request),
    });
  const token = await tokens.get();
  const answer = await post(token);
  return read(answer.status === 401 ? await post(await tokens.after(token)) : answer);
}

async function read(answer: Response): Promise<object> {
  const text = await answer.text();
  try {
    return JSON.parse(text) as object;
  } catch {
    return { errors: [{ message: `The server answered ${answer.status}, and no JSON.` }] };
  }
}
