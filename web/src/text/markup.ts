// A small safe subset of Markdown, as a tree: `code`, blocks of code, *emphasis*, **strong**, ~~struck~~, links to http and
// https, and mentions. Nothing else means anything, nothing is HTML, and every character of the text is in the tree but for
// the marks themselves. It takes time in proportion to the text's length.

export type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'code' | 'block'; readonly text: string }
  | { readonly type: 'link'; readonly href: string; readonly text: string }
  | { readonly type: 'mention'; readonly userId: string; readonly text: string }
  | { readonly type: 'emphasis' | 'strong' | 'struck'; readonly children: readonly Node[] };

const BLOCK = /```(?:[a-z0-9+-]{1,20}\n)?\n?([\s\S]+?)\n?```/g;
const CODE = /`([^`\n]+)`/g;
const LINK = /https?:\/\/[^\s<>"'`]+/gi;
/** Not of the link, where they end it: what closes a sentence, and a bracket that the link has not opened. */
const AFTER_LINK = /[.,;:!?…'"]+$/;
const MARKS: readonly (readonly [RegExp, 'strong' | 'struck' | 'emphasis'])[] = [
  [/(?<![\p{L}\p{N}*])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?![\p{L}\p{N}*])/gu, 'strong'],
  [/~~(?=\S)([^~\n]+?)(?<=\S)~~/gu, 'struck'],
  [/(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}*])/gu, 'emphasis'],
  [/(?<![\p{L}\p{N}_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])/gu, 'emphasis'],
];

/** `people`: what stands for whom in the text, such as `@Alice` for `alice`: the longest that fits counts. */
export function parseMarkup(text: string, people: ReadonlyMap<string, string> = new Map()): readonly Node[] {
  return split(
    text,
    BLOCK,
    (match) => ({ type: 'block', text: match[1] ?? '' }),
    (rest) =>
      split(
        rest,
        CODE,
        (match) => ({ type: 'code', text: match[1] ?? '' }),
        (plain) => links(plain, (between) => mentions(between, people, (words) => marks(words, 0))),
      ),
  );
}

function split(
  text: string,
  pattern: RegExp,
  make: (match: RegExpMatchArray) => Node,
  between: (text: string) => readonly Node[],
): readonly Node[] {
  const nodes: Node[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) nodes.push(...between(text.slice(at, match.index)));
    nodes.push(make(match));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(...between(text.slice(at)));
  return nodes;
}

function links(text: string, between: (text: string) => readonly Node[]): readonly Node[] {
  const nodes: Node[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = trimmed(match[0]);
    const href = safeHref(shown);
    if (!href) continue;
    if (match.index > at) nodes.push(...between(text.slice(at, match.index)));
    nodes.push({ type: 'link', href, text: shown });
    at = match.index + shown.length;
  }
  if (at < text.length) nodes.push(...between(text.slice(at)));
  return nodes;
}

function trimmed(link: string): string {
  let shown = link;
  for (;;) {
    const next = shown.replace(AFTER_LINK, '');
    const opens = next.split('(').length;
    const closes = next.split(')').length;
    const without = next.endsWith(')') && closes > opens ? next.slice(0, -1) : next;
    if (without === shown) return shown;
    shown = without;
  }
}

/** The address, if it is one that a browser may be sent to. */
export function safeHref(text: string): string | null {
  try {
    const url = new URL(text);
    const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
    return isWeb && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

function mentions(
  text: string,
  people: ReadonlyMap<string, string>,
  between: (text: string) => readonly Node[],
): readonly Node[] {
  if (people.size === 0 || !text.includes('@')) return between(text);
  const words = [...people.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
    'gu',
  );
  return split(
    text,
    pattern,
    ([word]) => ({ type: 'mention', userId: people.get(word) ?? '', text: word }),
    between,
  );
}

function marks(text: string, from: number): readonly Node[] {
  const mark = MARKS[from];
  if (!mark) return text ? [{ type: 'text', text }] : [];
  const [pattern, type] = mark;
  return split(
    text,
    pattern,
    (match) => ({ type, children: marks(match[1] ?? '', 0) }),
    (rest) => marks(rest, from + 1),
  );
}

/** The text without its marks, in one line: for lists and for what is read aloud. */
export function plain(text: string): string {
  return flat(parseMarkup(text)).replace(/\s+/g, ' ').trim();
}

const flat = (nodes: readonly Node[]): string =>
  nodes.map((node) => ('children' in node ? flat(node.children) : node.text)).join('');
