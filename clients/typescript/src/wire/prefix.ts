// The names in an API that has the chat's schema with a prefix (docs/adopting.md): with `Chat` the field `messages` is
// `chatMessages`, and the type `Message` is `ChatMessage`. Fields below and arguments keep their names.
interface Asked {
  readonly field: string;
  readonly text: string;
}

/** Types of variables, but for scalars: AppSync's and GraphQL's own. */
const TYPES = /(:\[?)(?=[A-Z])(?!(?:ID|Int|Float|String|Boolean|AWS\w+)\b)/g;

/** The prefix as it is asked for. Throws where no schema can have it. */
export function prefixOf(prefix = ''): string {
  if (!/^([A-Z][A-Za-z0-9]{0,31})?$/.test(prefix)) throw new Error(`${prefix} is no prefix of a schema`);
  return prefix;
}

/** A field of `Query`, `Mutation` or `Subscription`. */
export const fieldOf = (name: string, prefix: string) =>
  prefix
    ? prefix.charAt(0).toLowerCase() + prefix.slice(1) + name.charAt(0).toUpperCase() + name.slice(1)
    : name;

/** What is asked for by the names of that API. */
export function prefixed({ field, text }: Asked, prefix: string): Asked {
  if (!prefix) return { field, text };
  const named = fieldOf(field, prefix);
  const head = (all: string) => all.replace(TYPES, `$1${prefix}`).replace(/\w+$/, named);
  return { field: named, text: text.replace(/^[^{]+\{\w+/, head) };
}
