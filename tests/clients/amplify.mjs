// aws-amplify 6 against an API: subscribes, sends and reads in one authorization mode.
//
// node amplify.mjs URL MODE CREDENTIALS, MODE being one of Amplify's (userPool, oidc, lambda, iam) and CREDENTIALS a
// token or, for iam, an access key as a credential process prints it. Prints what happened as JSON.
import { Amplify } from 'aws-amplify';
import { generateClient } from 'aws-amplify/api';
import { decodeJWT } from 'aws-amplify/auth';

import { READ, SEND, WATCH, exchanged, report } from './exchange.mjs';

const [url, authMode, given] = process.argv.slice(2);
const key = authMode === 'iam' ? JSON.parse(given) : {};
const credentials = {
  accessKeyId: key.AccessKeyId,
  secretAccessKey: key.SecretAccessKey,
  sessionToken: key.SessionToken,
};

Amplify.configure(
  { API: { GraphQL: { endpoint: url, region: 'us-east-1', defaultAuthMode: authMode } } },
  {
    Auth: {
      tokenProvider: { getTokens: async () => ({ accessToken: decodeJWT(given) }) },
      credentialsProvider: {
        getCredentialsAndIdentityId: async () => ({ credentials }),
        clearCredentialsAndIdentityId: () => {},
      },
    },
  },
);

const auth = authMode === 'lambda' ? { authMode, authToken: given } : { authMode };
const http = generateClient(auth);
// Amplify makes wss:// of http://. An endpoint of ws:// is kept, and takes subscriptions alone.
const realtime = generateClient({ ...auth, endpoint: url.replace('http', 'ws') });

const ask = async (query, variables) => (await http.graphql({ query, variables })).data;

report(
  await exchanged({
    send: async (text) => (await ask(SEND, { text })).sendMessage,
    read: async () => (await ask(READ)).messages.items,
    watch: (variables, next, error) =>
      realtime.graphql({ query: WATCH, variables }).subscribe({ next: ({ data }) => next(data.onMessage), error }),
  }),
);
