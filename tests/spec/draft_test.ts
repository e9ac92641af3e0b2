/** What an action holds in its hands behaves like the plain data that it looks like. */
import { assertEquals, assertRejects } from "@std/assert";
import { always, check, type Definition, replay, spec, SpecError, steps } from "../../spec/mod.ts";

interface Cell {
  readonly x: number;
  readonly tags: ReadonlySet<string>;
}

/** The states that a spec of one action, `Act`, passes through. */
function states<State>(init: State, act: Definition<State>["actions"][string], count: number) {
  const { model, run } = replay(
    spec<State>("one", () => ({ init, actions: { Act: act }, properties: [] })),
    Array.from({ length: count }, () => "Act").join(" "),
  );
  return run.steps.map(({ to }) => model.values?.(to));
}

const two = (): { cells: readonly Cell[] } => ({
  cells: [{ x: 0, tags: new Set() }, { x: 1, tags: new Set(["p"]) }],
});

Deno.test("two objects that are swapped keep what was in them", () => {
  const [after] = states(two(), (s) => {
    [s.cells[0], s.cells[1]] = [s.cells[1]!, s.cells[0]!];
  }, 1);
  assertEquals(after, { cells: two().cells.toReversed() });
});

Deno.test("an array of objects can be reversed and sorted in place", () => {
  const [after, sorted] = states(two(), (s) => {
    if (s.cells[0]!.x === 0) s.cells.reverse();
    else s.cells.sort((a, b) => a.x - b.x);
  }, 2);
  assertEquals([after, sorted], [{ cells: two().cells.toReversed() }, two()]);
});

Deno.test("what was replaced keeps its value for who holds it, and changes to it reach no state", () => {
  const [after] = states({ ...two(), seen: 0, had: false }, (s) => {
    const [old] = s.cells;
    const { tags } = old!;
    s.cells[0] = { x: 7, tags: new Set(["q"]) };
    old!.x = 5;
    tags.add("r");
    s.seen = old!.x;
    s.had = old!.tags.has("r") && !old!.tags.has("q");
  }, 1);
  assertEquals(after, { cells: [{ x: 7, tags: new Set(["q"]) }, two().cells[1]!], seen: 5, had: true });
});

interface Letter {
  readonly to: number;
}

Deno.test("elements of a set compare by what they are, wherever the set is, and in every operation", async () => {
  interface State {
    readonly sent: ReadonlySet<Letter>;
    readonly read: ReadonlySet<Letter>;
    readonly queue: readonly ReadonlySet<Letter>[];
  }
  const post = spec<State>("post", () => ({
    init: { sent: new Set([{ to: 1 }, { to: 2 }]), read: new Set([{ to: 2 }]), queue: [] },
    actions: {
      Ask: (s) => {
        if (s.queue.length > 0) return false;
        const { sent, read } = s;
        s.queue.push(sent.union(read), sent.intersection(read), sent.difference(read));
        s.queue.push(sent.symmetricDifference(read));
        s.queue[1]!.add({ to: 2 });
        return s.queue[1]!.has({ to: 2 }) && sent.isSupersetOf(read) && !sent.isDisjointFrom(read);
      },
    },
    ends: () => true,
    properties: [
      always(
        "asked",
        "",
        ({ queue }) =>
          queue.length === 0 ||
          (queue.map(({ size }) => size).join() === "2,1,1,1" && queue[2]!.has({ to: 1 })) ||
          queue.map(({ size }) => size).join(),
      ),
    ],
  }));
  const { verdict, distinct, properties } = await check(post);
  assertEquals([verdict, distinct, properties[0]?.witness], ["holds", 2, null]);
});

const changes: readonly (readonly [what: string, holds: (state: State) => true])[] = [
  ["a set in an array", ({ queue }) => (queue[0]!.add(1), true)],
  ["an array in a set", ({ sets }) => ([...sets][0]!.push(1), true)],
  ["a variable", (state) => (state.n = 1, true)],
];

interface State {
  n: number;
  queue: Set<number>[];
  sets: Set<number[]>;
}

for (const [what, holds] of changes) {
  Deno.test(`a property that changes ${what} is refused`, async () => {
    const wrong = spec<State>("wrong", () => ({
      init: [{ n: 0, queue: [new Set()], sets: new Set([[]]) }, {
        n: 0,
        queue: [new Set(), new Set()],
        sets: new Set([[]]),
      }],
      actions: {},
      properties: [always<State>("changes", "", holds)],
    }));
    await assertRejects(() => check(wrong), SpecError, "wrong");
  });
}

Deno.test("bytes that a property changes stay what they are in the state", async () => {
  const bytes = spec<{ b: Uint8Array; n: number }>("bytes", () => ({
    init: { b: new Uint8Array([1]), n: 0 },
    actions: { Up: (s) => s.b[0] === 1 && s.n < 3 && void s.n++ },
    properties: [always("fill", "", ({ b, n }) => n >= 0 && (b.fill(9), true) || "")],
  }));
  assertEquals((await check(bytes)).distinct, 4);
});

Deno.test("a step that changes only what a property doesn't look at is judged; one that changes nothing is none", async () => {
  const clock = (act: Definition<{ n: number; m: number }>["actions"][string]) =>
    spec<{ n: number; m: number }>("clock", () => ({
      init: { n: 0, m: 0 },
      actions: { Up: (s) => s.n < 2 && void s.n++, Act: act },
      properties: [steps("n grows", "n' > n", (before, after) => after.n > before.n || `n stays ${after.n}`)],
    }));
  for (const exact of [false, true]) {
    const other = clock((s) => void (s.m = 1 - s.m));
    const report = await check(other, { exact });
    assertEquals([report.properties[0]?.trace, report.properties[0]?.witness], ["Act", "n stays 0"]);
    assertEquals(replay(other, "Up Act").violations, [{ name: "n grows", witness: "n stays 1", step: 2 }]);
    const idle = clock(() => {});
    assertEquals((await check(idle, { exact })).verdict, "holds");
    assertEquals(replay(idle, "Up Act").violations, []);
  }
});

Deno.test("a state can be written as JSON, by an action and by a property", async () => {
  const written = spec<{ n: number; list: readonly number[] }>("written", () => ({
    init: { n: 0, list: [1, 2] },
    actions: { Up: (s) => JSON.stringify(s).length < 22 && void s.n++ },
    ends: () => true,
    properties: [always("json", "", (s) => JSON.stringify(s) === `{"n":${s.n},"list":[1,2]}` || "it isn't")],
  }));
  const { verdict, distinct } = await check(written);
  assertEquals([verdict, distinct], ["holds", 101]);
});
