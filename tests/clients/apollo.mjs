// Apollo Client 4 with AWS's links against an API: subscribes, sends and reads in one authorization mode.
//
// node apollo.mjs URL MODE CREDENTIALS, MODE being one of the links' (AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT,
// AWS_LAMBDA, AWS_IAM) and CREDENTIALS a token or, for AWS_IAM, an access key as a credential process prints it.
// Prints what happened as JSON.
import { createRequire } from 'node:module';

import { READ, SEND, WATCH, exchanged, report } from './exchange.mjs';

// AWS's links of 4.0 sign only as CommonJS: as modules they do not find what they sign with in Node.
const require = createRequire(import.meta.url);
const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = require('@apollo/client/core');
const { createAuthLink } = require('aws-appsync-auth-link');
const { createSubscriptionHandshakeLink } = require('aws-appsync-subscription-link');

const [url, type, given] = process.argv.slice(2);
const key = type === 'AWS_IAM' ? JSON.parse(given) : {};
const auth = {
  AMAZON_COGNITO_USER_POOLS: { type, jwtToken: async () => given },
  OPENID_CONNECT: { type, jwtToken: async () => given },
  AWS_LAMBDA: { type, token: async () => given },
  AWS_IAM: {
    type,
    credentials: async () => ({
      accessKeyId: key.AccessKeyId,
      secretAccessKey: key.SecretAccessKey,
      sessionToken: key.SessionToken,
    }),
  },
}[type];

const config = { url, region: 'us-east-1', auth };
const client = new ApolloClient({
  link: ApolloLink.from([
    createAuthLink(config),
    // AWS's link signs a body without extensions, which Apollo Client 4 sends unless it is told not to.
    createSubscriptionHandshakeLink(config, new HttpLink({ uri: url, includeExtensions: false })),
  ]),
  cache: new InMemoryCache(),
});

report(
  await exchanged({
    send: async (text) => (await client.mutate({ mutation: gql(SEND), variables: { text } })).data.sendMessage,
    read: async () => (await client.query({ query: gql(READ), fetchPolicy: 'network-only' })).data.messages.items,
    watch: (variables, next, error) =>
      client
        .subscribe({ query: gql(WATCH), variables })
        .subscribe({ next: ({ data, error: refused }) => (refused ? error(refused) : next(data.onMessage)), error }),
  }),
);
