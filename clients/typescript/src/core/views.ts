// What is shown: each view is the same object until something in it changes, so that nothing is rendered for nothing.

interface View {
  readonly look: () => object;
  shown: object;
}

export class Views {
  readonly #views = new Map<string, View>();

  /** The view of that key; `look` makes it anew, and is asked after each event from now on. */
  get<Shown extends object>(key: string, look: () => Shown): Shown {
    let view = this.#views.get(key);
    if (!view) {
      view = { look, shown: look() };
      this.#views.set(key, view);
    }
    return view.shown as Shown;
  }

  /** Look again at what somebody has looked at. Returns whether anything is new. */
  settle(): boolean {
    let isNew = false;
    for (const view of this.#views.values()) {
      const next = view.look();
      if (isSame(view.shown, next)) continue;
      view.shown = next;
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
