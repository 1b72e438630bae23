// Up to which number nothing is missing, whatever part of the room is in memory.

export class Reach {
  /** The number up to which nothing is missing. */
  reached = 0;
  /** The newest number that was heard of. */
  newest = 0;
  /** Numbers above `reached` that came. */
  readonly #ahead = new Set<number>();

  /** Whether something is missing below a number that was heard of. */
  get hasGap(): boolean {
    return this.newest > this.reached;
  }

  clear(): void {
    this.reached = this.newest = 0;
    this.#ahead.clear();
  }

  /** There is a message of this number; `came`: and it is here. */
  heard(seq: number, came: boolean): void {
    this.newest = Math.max(this.newest, seq);
    if (came && seq > this.reached) this.#ahead.add(seq);
  }

  /** Nothing up to this number is missing; and what came after it counts from there. */
  reach(seq: number): void {
    this.newest = Math.max(this.newest, seq);
    this.reached = Math.max(this.reached, seq);
    while (this.#ahead.delete(this.reached + 1)) this.reached += 1;
    for (const each of this.#ahead) if (each <= this.reached) this.#ahead.delete(each);
  }
}
