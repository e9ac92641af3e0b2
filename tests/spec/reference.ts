/** What a check must find, by a plain search: plain objects, breadth first, nothing learned, no fingerprints. */
import type { Action, Definition, Property } from "../../spec/mod.ts";

/** A specification as the plain search sees it. */
export interface Machine<State> {
  readonly initial: readonly State[];
  readonly properties: readonly Property<unknown>[];
  readonly constraint: (seen: unknown) => boolean;
  /** Whether a step is taken; each is, if it is left out. */
  readonly allowed?: (before: unknown, after: unknown) => boolean;
  /** The steps out of a state: how a trace writes each, and where it leads. */
  readonly next: (state: State) => readonly (readonly [label: string, to: State])[];
  /** What properties see of a state. */
  readonly see: (state: State) => unknown;
  /** The same for equal states, and only for them. */
  readonly text: (state: State) => string;
  /** The same for states that the search takes for one; the text, if it is left out. */
  readonly orbit?: (state: State) => string;
}

/** What a check must report. */
export interface Explored {
  readonly generated: number;
  readonly distinct: number;
  readonly cut: number;
  readonly cutSteps: number;
  readonly depth: number;
  readonly exhausted: boolean;
  /** Whether it ended because of a violation. */
  readonly violated: boolean;
  /** By property: how many steps lead to the first violation, or to the state that is sought; null if none do. */
  readonly lengths: Readonly<Record<string, number | null>>;
}

/** Searches layer by layer, until nothing is new, something is violated, or there are more than `most` states. */
export function explore<State>(machine: Machine<State>, most: number): Explored {
  const { initial, properties, constraint, allowed = () => true, next, see, text, orbit = text } = machine;
  const lengths: Record<string, number | null> = Object.fromEntries(
    properties.map(({ name }) => [name, null]),
  );
  let [generated, distinct, cut, cutSteps, depth, violated] = [0, 0, 0, 0, 1, false];
  function judge(length: number, after: unknown, before?: unknown): void {
    for (const property of properties) {
      if (lengths[property.name] !== null || !isTold(property, after, before)) continue;
      lengths[property.name] = length;
      violated ||= property.kind !== "sometimes";
    }
  }
  const met = new Set<string>();
  function isNew(state: State, key: string, length: number): boolean {
    generated++;
    if (met.has(key)) return false;
    met.add(key);
    judge(length, see(state));
    const isInside = constraint(see(state));
    if (isInside) distinct++;
    else cut++;
    return isInside;
  }
  let layer = initial.filter((state) => isNew(state, orbit(state), 0));
  while (layer.length > 0 && !violated && distinct <= most) {
    const after: State[] = [];
    for (const from of layer) {
      const [key, seen] = [text(from), see(from)];
      for (const [, to] of next(from)) {
        if (key !== text(to) && !allowed(seen, see(to))) {
          generated++;
          cutSteps++;
          continue;
        }
        // A step that changes nothing is none: as in TLA+.
        if (key !== text(to)) judge(depth, see(to), seen);
        if (isNew(to, orbit(to), depth)) after.push(to);
      }
    }
    if (after.length > 0) depth++;
    layer = after;
  }
  return { generated, distinct, cut, cutSteps, depth, exhausted: layer.length === 0, violated, lengths };
}

/** Whether a property is violated, or what it seeks is here: in a state, or in a step if there is a `before`. */
function isTold(property: Property<unknown>, after: unknown, before: unknown): boolean {
  switch (property.kind) {
    case "always":
      return before === undefined && property.holds(after) !== true;
    case "sometimes":
      return before === undefined && property.reached(after);
    case "steps":
      return before !== undefined && property.holds(before, after) !== true;
    default:
      throw new Error(`the reference knows nothing of ${property.kind}`);
  }
}

/** A plain spec: an action runs on a copy of the whole state. */
export function machineOf(definition: Definition<unknown>): Machine<unknown> {
  const { init, actions, properties, constraint = () => true, actionConstraint } = definition;
  const instances = Object.entries(actions).flatMap(([name, action]) => instancesOf(name, action));
  return {
    initial: (Array.isArray(init) ? init : [init]).map(copyOf),
    properties,
    constraint,
    ...(actionConstraint === undefined ? {} : { allowed: actionConstraint }),
    see: (state) => state,
    text: textOf,
    next: (state) =>
      instances.flatMap(([label, run]): readonly (readonly [string, unknown])[] => {
        const draft = copyOf(state);
        return run(draft) === false ? [] : [[label, copyOf(draft)]];
      }),
  };
}

function instancesOf(
  name: string,
  action: Action<unknown>,
): readonly (readonly [label: string, run: (state: unknown) => unknown])[] {
  if (typeof action === "function") return [[name, action as (state: unknown) => unknown]];
  const combinations = action.lists.reduce<readonly (readonly unknown[])[]>(
    (shorter, list) => shorter.flatMap((values) => list.map((value) => [...values, value])),
    [[]],
  );
  return combinations.map((values) => {
    const label = `${name}(${values.map((value) => JSON.stringify(value)).join(",")})`;
    return [label, (state) => action.run(state as never, ...values.map(copyOf) as never[])];
  });
}

/** A set whose elements compare by what they are. */
class ValueSet extends Set<unknown> {
  own(element: unknown): unknown {
    return [...this].find((other) => textOf(other) === textOf(element)) ?? element;
  }
  override has(element: unknown): boolean {
    return super.has(this.own(element));
  }
  override add(element: unknown): this {
    return super.add(this.own(element));
  }
  override delete(element: unknown): boolean {
    return super.delete(this.own(element));
  }
  override union<T>(other: ReadonlySetLike<T>): Set<unknown> {
    return new ValueSet([...this, ...new Set(other as Set<T>)]);
  }
  override intersection<T>(other: ReadonlySetLike<T>): Set<unknown & T> {
    const others = new ValueSet(other as Set<T>);
    return new ValueSet([...this].filter((element) => others.has(element))) as Set<T>;
  }
  override difference<T>(other: ReadonlySetLike<T>): Set<unknown> {
    const others = new ValueSet(other as Set<T>);
    return new ValueSet([...this].filter((element) => !others.has(element)));
  }
}

/** A copy of plain data that shares nothing with it. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Set) return new ValueSet([...value].map(copyOf));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
}

/** Plain data as text: the same for equal values, and only for them. */
export function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (value instanceof Uint8Array) return `bytes[${value.join()}]`;
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (value instanceof Set) return `set[${[...new Set([...value].map(textOf))].sort().join()}]`;
  const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${textOf(item)}`);
  return `{${fields.sort().join()}}`;
}
