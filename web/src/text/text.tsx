// A message's text as it is shown: each paragraph in the direction of its own script.
import { Fragment, memo, useMemo } from 'react';
import { type Node, parseMarkup } from './markup.ts';

export const Text = memo(function Text(props: {
  readonly text: string;
  readonly people?: ReadonlyMap<string, string>;
  readonly me?: string;
}) {
  const { text, people, me } = props;
  const nodes = useMemo(() => parseMarkup(text, people), [text, people]);
  return (
    <div className="text" dir="auto">
      {nodes.map((node, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text is replaced as a whole
        <Shown key={`${index}.${node.type}`} node={node} me={me} />
      ))}
    </div>
  );
});

function Shown({ node, me }: { readonly node: Node; readonly me?: string | undefined }) {
  switch (node.type) {
    case 'text':
      return <Fragment>{node.text}</Fragment>;
    case 'code':
      return <code dir="ltr">{node.text}</code>;
    case 'block':
      return (
        <pre dir="ltr">
          <code>{node.text}</code>
        </pre>
      );
    case 'link':
      return (
        <a href={node.href} target="_blank" rel="noopener noreferrer nofollow">
          {node.text}
        </a>
      );
    case 'mention':
      return <span className={node.userId === me ? 'mention mine' : 'mention'}>{node.text}</span>;
    default: {
      const Tag = TAGS[node.type];
      return (
        <Tag>
          {node.children.map((child, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text is replaced as a whole
            <Shown key={`${index}.${child.type}`} node={child} me={me} />
          ))}
        </Tag>
      );
    }
  }
}

const TAGS = { emphasis: 'em', strong: 'strong', struck: 's' } as const;
