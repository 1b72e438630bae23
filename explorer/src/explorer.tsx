// GraphiQL itself: a part of its own, because its editor is large.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo } from 'react';
import { realtimeUrlOf } from '../../clients/typescript/src/transports/realtime.ts';
import { Tokens } from '../../clients/typescript/src/transports/tokens.ts';
import type { Config } from '../../web/src/config.ts';
import { EXAMPLES } from './examples.ts';
import { fetcherOf } from './fetcher.ts';
import type { Stage } from './subscription.ts';
import { tokensOf, type Who } from './who.ts';

interface Props {
  readonly config: Config;
  readonly who: Who;
  readonly tell: (stage: Stage) => void;
}

export default function Explorer({ config: { api }, who, tell }: Props) {
  const fetcher = useMemo(() => {
    const tokens = new Tokens(tokensOf(who));
    return fetcherOf({ url: api.url, realtimeUrl: api.realtimeUrl ?? realtimeUrlOf(api.url), tokens }, tell);
  }, [api, who, tell]);
  useEffect(followTheme, []);
  return (
    <GraphiQL fetcher={fetcher} defaultTabs={EXAMPLES} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <span />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

/** What GraphiQL's settings say of light and dark holds for the bar as well. */
function followTheme() {
  const copy = () => {
    const chosen = /\bgraphiql-(light|dark)\b/.exec(document.body.className)?.[1];
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  };
  const observer = new MutationObserver(copy);
  observer.observe(document.body, { attributeFilter: ['class'] });
  copy();
  return () => observer.disconnect();
}
