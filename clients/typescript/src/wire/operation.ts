/** What checks a value that came from outside; Zod's schemas are such. Unknown fields pass. */
export interface Check {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown };
}

/** One field of the API with the document that asks for it. `Answer` is the field's type where it is not null. */
export interface Operation<Variables, Answer> {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly field: string;
  readonly text: string;
  readonly check: Check;
  /** Types alone; there is no such value. */
  readonly types?: { readonly variables: (given: Variables) => void; readonly answer: Answer };
}

/** An operation whatever its variables are. */
interface Answering<Answer> {
  readonly field: string;
  readonly check: Check;
  readonly types?: { readonly answer: Answer };
}

/** The value as the operation's answer; `null` is an answer, too. Throws where the value does not have its shape. */
export function checked<Answer>(operation: Answering<Answer>, value: unknown): Answer | null {
  if (value === null || value === undefined) return null;
  const result = operation.check.safeParse(value);
  if (!result.success) throw new MalformedAnswer(operation.field);
  return result.data as Answer;
}

/** What came does not have the shape that the schema gives it. */
export class MalformedAnswer extends Error {
  constructor(field: string) {
    super(`the answer to ${field} does not have the schema's shape`);
    this.name = 'MalformedAnswer';
  }
}
