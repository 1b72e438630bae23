// Tokens as the API takes them: asked for once however many need one, again before they end, and once more where one was
// refused.

/** `isRefused`: the token before was not accepted, so one from a cache does not help. */
export type GetToken = (asked: { readonly isRefused: boolean }) => Promise<string> | string;

const EARLY_MS = 60_000;

export class Tokens {
  #token: string | null = null;
  #until = Number.POSITIVE_INFINITY;
  #asking: Promise<string> | null = null;
  readonly #getToken: GetToken;

  constructor(getToken: GetToken) {
    this.#getToken = getToken;
  }

  /** A token that lasts for another minute, as far as it can be read. */
  get(): Promise<string> {
    if (this.#token !== null && Date.now() < this.#until - EARLY_MS) return Promise.resolve(this.#token);
    return this.#ask(false);
  }

  /** Another than this one, which was refused. */
  after(refused: string): Promise<string> {
    if (this.#token !== null && this.#token !== refused) return this.get();
    this.#token = null;
    return this.#ask(true);
  }

  /** In how many milliseconds another will be asked for; `null` where the token does not say when it ends. */
  get endsInMs(): number | null {
    return Number.isFinite(this.#until) ? Math.max(0, this.#until - EARLY_MS - Date.now()) : null;
  }

  #ask(isRefused: boolean): Promise<string> {
    this.#asking ??= Promise.resolve()
      .then(() => this.#getToken({ isRefused }))
      .then((token) => {
        this.#token = token;
        this.#until = endOf(token);
        return token;
      })
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}

/** When a JWT ends, in milliseconds since the epoch; infinity where that cannot be read. */
function endOf(token: string): number {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' ? exp * 1_000 : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
