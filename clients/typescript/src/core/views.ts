// What is shown: each view is the same object until something in it changes, so that nothing is rendered for nothing.

/** Each is looked at after each event: those that nobody has asked for lately are forgotten. */
const MOST_VIEWS = 200;

interface View {
  readonly look: () => object;
  shown: object;
  /** Somebody has it as it is. */
  isRead: boolean;
}

export class Views {
  /** Those that were asked for last come last. */
  readonly #views = new Map<string, View>();

  /** The view of that key; `look` makes it anew, and is asked after each event from now on. */
  get<Shown extends object>(key: string, look: () => Shown): Shown {
    const view = this.#views.get(key) ?? { look, shown: look(), isRead: true };
    if (this.#views.size >= MOST_VIEWS) this.#views.delete(key); // and to the end
    view.isRead = true;
    this.#views.set(key, view);
    return view.shown as Shown;
  }

  /**
   * Look again at what somebody has looked at. Returns whether anything is new, or forgotten: whoever wants that asks for
   * it again, and it is a view again.
   */
  settle(): boolean {
    let isNew = false;
    for (const [key, view] of this.#views) {
      const next = view.look();
      if (this.#views.size <= MOST_VIEWS && isSame(view.shown, next)) continue;
      if (view.isRead && this.#views.size <= MOST_VIEWS) {
        view.shown = next;
        view.isRead = false;
      } else this.#views.delete(key);
      isNew = true;
    }
    return isNew;
  }
}

function isSame(a: object, b: object): boolean {
  if (a === b) return true;
  if (Object.getPrototypeOf(a) !== Object.prototype) return false; // lists and maps are new where something in them is
  const [first, second] = [a, b] as unknown as Readonly<Record<string, unknown>>[];
  for (const name in first) if (first[name] !== second?.[name]) return false;
  return Object.keys(a).length === Object.keys(b).length;
}
