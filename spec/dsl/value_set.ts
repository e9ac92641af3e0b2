/** Sets whose elements compare by what they are, not by which object they are. */
import { encode } from "../checker/value.ts";

/** Sets of ours, which a state may hold; no other class of sets may be in it. */
export class StateSet extends Set<unknown> {}

/** Two objects that are equal, part by part, are one element. */
export class ValueSet extends StateSet {
  readonly #elements = new Map<string, unknown>();
  #isFrozen = false;

  /** The set of these elements. */
  static from(elements: Iterable<unknown>): ValueSet {
    const set = new ValueSet();
    for (const element of elements) set.add(element);
    return set;
  }

  /** Refuses changes from now on. */
  freeze(): this {
    this.#isFrozen = true;
    return Object.freeze(this);
  }

  #change(): void {
    if (this.#isFrozen) throw new TypeError("Cannot change a frozen set");
  }

  override has(element: unknown): boolean {
    return this.#elements.has(encode(element, "an element"));
  }

  override add(element: unknown): this {
    this.#change();
    const text = encode(element, "an element");
    if (this.#elements.has(text)) return this;
    this.#elements.set(text, element);
    return super.add(element);
  }

  override delete(element: unknown): boolean {
    this.#change();
    const text = encode(element, "an element");
    super.delete(this.#elements.get(text));
    return this.#elements.delete(text);
  }

  override clear(): void {
    this.#change();
    this.#elements.clear();
    super.clear();
  }

  override union<T>(other: ReadonlySetLike<T>): Set<unknown> {
    return ValueSet.from([...this, ...elementsOf(other)]);
  }

  override intersection<T>(other: ReadonlySetLike<T>): Set<unknown & T> {
    const others = ValueSet.from(elementsOf(other));
    return ValueSet.from([...this].filter((element) => others.has(element))) as Set<T>;
  }

  override difference<T>(other: ReadonlySetLike<T>): Set<unknown> {
    const others = ValueSet.from(elementsOf(other));
    return ValueSet.from([...this].filter((element) => !others.has(element)));
  }

  override symmetricDifference<T>(other: ReadonlySetLike<T>): Set<unknown> {
    const mine = [...elementsOf(other)].filter((element) => !this.has(element));
    return ValueSet.from([...this.difference(other), ...mine]);
  }

  override isSubsetOf(other: ReadonlySetLike<unknown>): boolean {
    return this.difference(other).size === 0;
  }

  override isSupersetOf(other: ReadonlySetLike<unknown>): boolean {
    return [...elementsOf(other)].every((element) => this.has(element));
  }

  override isDisjointFrom(other: ReadonlySetLike<unknown>): boolean {
    return this.intersection(other).size === 0;
  }
}

function elementsOf<T>(set: ReadonlySetLike<T>): Iterable<T> {
  const keys = set.keys();
  return { [Symbol.iterator]: () => keys as Iterator<T> };
}
