/** A set of the state as the code of a spec sees it: each element is a place, so that only it is read or written. */
import { encode } from "../checker/value.ts";
import type { Recorder } from "./draft.ts";
import { mayNotChange, plain, show } from "./plain.ts";
import { type Layout, memberOf, type SetShape } from "./shape.ts";
import { StateSet, ValueSet } from "./value_set.ts";

/** Behaves like a `Set` whose elements compare by what they are. */
export class SetDraft extends StateSet {
  readonly #layout: Layout;
  readonly #shape: SetShape;
  #recorder: Recorder;

  /** The set of this shape, through a recorder. */
  constructor(layout: Layout, shape: SetShape, recorder: Recorder) {
    super();
    this.#layout = layout;
    this.#shape = shape;
    this.#recorder = recorder;
  }

  /** From now on it looks through another recorder. */
  moveTo(recorder: Recorder): void {
    this.#recorder = recorder;
  }

  #isIn(place: number): boolean {
    return this.#recorder.current(place) === 1;
  }

  #members(): readonly { readonly element: unknown }[] {
    this.#recorder.lookAtAll(this.#shape);
    return [...this.#shape.members.values()].filter(({ place }) => this.#isIn(place));
  }

  #elements(): ValueSet {
    return ValueSet.from(this.#members().map(({ element }) => plain(element, this.#shape.path)));
  }

  #put(element: unknown, value: 0 | 1): boolean {
    const { write } = this.#recorder;
    if (write === null) throw mayNotChange(this.#shape.path);
    const place = memberOf(this.#layout, this.#shape, element);
    const wasIn = this.#isIn(place);
    write(place, value);
    return wasIn;
  }

  override get size(): number {
    return this.#members().length;
  }

  override has(element: unknown): boolean {
    if (this.#recorder.write !== null) return this.#isIn(memberOf(this.#layout, this.#shape, element));
    // Who only looks adds no place: until one is added by an action, the element is in no set.
    const known = this.#shape.members.get(encode(element, this.#shape.path));
    return known !== undefined && this.#isIn(known.place);
  }

  override add(element: unknown): this {
    this.#put(element, 1);
    return this;
  }

  override delete(element: unknown): boolean {
    return this.#put(element, 0);
  }

  override clear(): void {
    for (const element of this.#elements()) this.#put(element, 0);
  }

  override forEach(run: (value: unknown, key: unknown, set: Set<unknown>) => void, self?: unknown): void {
    for (const element of this.#elements()) run.call(self, element, element, this);
  }

  override values(): SetIterator<unknown> {
    return this.#elements().values();
  }

  override keys(): SetIterator<unknown> {
    return this.#elements().keys();
  }

  override entries(): SetIterator<[unknown, unknown]> {
    return this.#elements().entries();
  }

  override [Symbol.iterator](): SetIterator<unknown> {
    return this.#elements().values();
  }

  override union<T>(other: ReadonlySetLike<T>): Set<unknown> {
    return this.#elements().union(other);
  }

  override intersection<T>(other: ReadonlySetLike<T>): Set<unknown & T> {
    return this.#elements().intersection(other);
  }

  override difference<T>(other: ReadonlySetLike<T>): Set<unknown> {
    return this.#elements().difference(other);
  }

  override symmetricDifference<T>(other: ReadonlySetLike<T>): Set<unknown> {
    return this.#elements().symmetricDifference(other);
  }

  override isSubsetOf(other: ReadonlySetLike<unknown>): boolean {
    return this.#elements().isSubsetOf(other);
  }

  override isSupersetOf(other: ReadonlySetLike<unknown>): boolean {
    return this.#elements().isSupersetOf(other);
  }

  override isDisjointFrom(other: ReadonlySetLike<unknown>): boolean {
    return this.#elements().isDisjointFrom(other);
  }

  /** As people read it. */
  override toString(): string {
    return show(this.#elements());
  }
}
