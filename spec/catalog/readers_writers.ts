/**
 * Readers and writers share something: many may read at once, but who writes is alone with it.
 *
 * Nobody starves, as all wait in one queue: only its head may begin, a reader if nobody writes, a writer if nobody
 * reads or writes. Everybody may stand in the queue once to read and once to write, also while reading or writing.
 *
 *     deno task check readers_writers --set actors=2
 */
import {
  always,
  type Draft,
  each,
  infinitelyOften,
  type Property,
  sometimes,
  spec,
  type Specification,
  weak,
} from "../mod.ts";

/** Somebody's place in the queue. */
export interface Request {
  /** Who waits. */
  readonly actor: number;
  /** For what. */
  readonly to: "read" | "write";
}

/** Who does what. */
export interface Resource {
  /** Who reads. */
  readonly readers: ReadonlySet<number>;
  /** Who writes. */
  readonly writers: ReadonlySet<number>;
  /** Who waits, the next one first. */
  readonly waiting: readonly Request[];
}

/** The spec. */
export const readersWriters: Specification = spec<Resource, { actors: number }>(
  "readers_writers",
  { actors: 3 },
  ({ actors }) => {
    const everyone = Array.from({ length: actors }, (_, actor) => actor);
    const wait = (to: Request["to"]) =>
      each(everyone, (s: Draft<Resource>, actor) => {
        if (s.waiting.some((request) => request.actor === actor && request.to === to)) return false;
        s.waiting.push({ actor, to });
        return true;
      });
    return {
      init: { readers: new Set(), writers: new Set(), waiting: [] },
      actions: {
        TryRead: wait("read"),
        TryWrite: wait("write"),
        Begin: (s) => {
          const request = s.waiting.shift();
          if (request === undefined || s.writers.size > 0) return false;
          if (request.to === "write" && s.readers.size > 0) return false;
          (request.to === "read" ? s.readers : s.writers).add(request.actor);
          return true;
        },
        Stop: each(everyone, (s, actor) => s.readers.delete(actor) || s.writers.delete(actor)),
      },
      fairness: [weak.each("TryRead"), weak.each("TryWrite"), weak("Begin"), weak("Stop")],
      properties: [
        always("A Writer Is Alone", "nobody reads while somebody writes, and at most one writes", (state) => {
          const { readers, writers } = state;
          return writers.size === 0 || (writers.size === 1 && readers.size === 0) ||
            `${readers.size} read while ${writers.size} write`;
        }),
        sometimes("all read", "all can read at once", ({ readers }) => readers.size === actors),
        sometimes("one writes", "somebody can write", ({ writers }) => writers.size > 0),
        ...everyone.flatMap(nobodyStarves),
      ],
    };
  },
);

/** What is claimed for one: it reads again and again and stops again and again, and so with writing. */
function nobodyStarves(actor: number): readonly Property<Resource>[] {
  const sentence = "whatever the others do";
  return [
    infinitelyOften(`${actor} Reads Again`, sentence, ({ readers }) => readers.has(actor)),
    infinitelyOften(`${actor} Writes Again`, sentence, ({ writers }) => writers.has(actor)),
    infinitelyOften(`${actor} Stops Reading`, sentence, ({ readers }) => !readers.has(actor)),
    infinitelyOften(`${actor} Stops Writing`, sentence, ({ writers }) => !writers.has(actor)),
  ];
}

export default readersWriters;
