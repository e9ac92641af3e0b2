/** What is wrong in a spec is said: in which spec, action or property, and where in the state. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  always,
  check,
  each,
  eventually,
  type Property,
  sometimes,
  spec,
  SpecError,
  steps,
  weak,
} from "../../spec/mod.ts";
import { withoutPlaces } from "./cli_support.ts";

/** A spec that need not make sense to the type checker. */
function untyped(definition: object) {
  return spec<never>("wrong", () => definition as never);
}

const cyclic: unknown[] = [];
cyclic.push(cyclic);

const mistakes: readonly (readonly [what: string, definition: object, message: string])[] = [
  ["an action that throws", {
    init: { n: 0 },
    actions: { Bang: (s: { seen: { size: number } }) => s.seen.size > 0 },
  }, "spec wrong, action Bang: there is no variable seen; there are n (in the state n 0)"],
  ["an action that throws by itself", {
    init: { n: 7 },
    actions: {
      Bang: () => {
        throw new Error("boom");
      },
    },
  }, "spec wrong, action Bang threw Error: boom (in the state n 7)"],
  ["fairness of Next, where an action has that name", {
    init: { n: 0 },
    actions: { Next: (s: { n: number }) => s.n < 1 && void s.n++, Other: () => {} },
    ends: () => true,
    properties: [eventually("p", "", { holds: () => true, fair: [weak("Next")] })],
  }, "fairness: Next is any action, and there is one of that name: rename it"],
  ["a new variable", {
    init: { n: 0 },
    actions: { Add: (s: Record<string, number>) => void (s.m = 1) },
  }, "spec wrong, action Add: there is no variable m; there are n"],
  ["a variable that is gone", {
    init: { n: 0 },
    actions: { Drop: (s: Record<string, number>) => void delete s.n },
  }, "spec wrong, action Drop: the variable n is deleted: a state keeps its variables"],
  ["a function in a state", {
    init: { n: { list: [1, () => 2] } },
    actions: {},
  }, "spec wrong: init.n.list[1] is a function"],
  ["a number that is none", {
    init: { n: 0 },
    actions: { Divide: (s: { n: number }) => void (s.n /= 0) },
  }, "spec wrong, action Divide: n is NaN"],
  ["a Map", { init: { n: new Map() }, actions: {} }, "spec wrong: init.n is of the class Map"],
  ["a getter", {
    init: {
      n: {
        get now() {
          return 1;
        },
      },
    },
    actions: {},
  }, "spec wrong: init.n.now is a getter"],
  ["something undefined", { init: { n: undefined }, actions: {} }, "spec wrong: init.n is undefined"],
  ["a cycle", { init: { n: cyclic }, actions: {} }, "spec wrong: init.n[0] contains itself"],
  ["no initial state", { init: [], actions: {} }, "spec wrong: init is empty"],
  ["initial states with different variables", {
    init: [{ a: 1 }, { b: 1 }],
    actions: {},
  }, "spec wrong: init[1] has other variables than init[0]"],
  ["a name of an action that no trace could hold", {
    init: { n: 0 },
    actions: { "Fill it": () => {} },
  }, 'spec wrong: "Fill it" is no name of an action'],
  ["two equal arguments", {
    init: { n: 0 },
    actions: { Add: each([1, 1], () => {}) },
  }, "spec wrong: there are two actions Add(1)"],
  ["an async action", {
    init: { n: 0 },
    actions: { Wait: () => Promise.resolve() },
  }, "spec wrong, action Wait is async"],
  ["an action that returns a new state", {
    init: { n: 0 },
    actions: { Up: (s: { n: number }) => ({ n: s.n + 1 }) },
  }, "spec wrong, action Up returned an object: change the draft, and return nothing, true, or false"],
  ["an action that returns a number", {
    init: { n: 0 },
    actions: { Up: (s: { n: number }) => ++s.n },
  }, "spec wrong, action Up returned 1: change the draft"],
  ["no initial state at all", { actions: {} }, "spec wrong: init is missing"],
  ["no actions", { init: { n: 0 } }, "spec wrong: actions is missing, expected an object of actions by name"],
  ["no properties", {
    init: { n: 0 },
    actions: {},
    properties: undefined,
  }, "spec wrong: properties is missing, expected an array"],
  ["a part that nobody knows", {
    init: { n: 0 },
    actions: {},
    invariants: [],
  }, "spec wrong: there is no invariants; there are init, actions, properties"],
  ["fairness that is no list", {
    init: { n: 0 },
    actions: {},
    fairness: weak("Up"),
  }, "spec wrong: fairness is an object, expected an array"],
  ["a constraint that is no function", {
    init: { n: 0 },
    actions: {},
    constraint: true,
  }, "spec wrong: constraint is true, expected a function"],
  ["a property that is a bare function", {
    init: { n: 0 },
    actions: {},
    properties: [() => true],
  }, "spec wrong: properties[0] is a function: write always(...)"],
  ["a property of an unknown kind", {
    init: { n: 0 },
    actions: {},
    properties: [{ ...always("p", "", () => true), kind: "never" }],
  }, 'spec wrong, property "p" is of the kind "never": write always(...)'],
  ["two properties of one name", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", () => true), always("p", "", () => true)],
  }, 'spec wrong: there are two properties "p"'],
  ["a property that throws", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", () => {
      throw new Error("boom");
    })],
  }, 'spec wrong, property "p" threw Error: boom'],
  ["a property that says no word", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", (() => false) as never)],
  }, 'spec wrong, property "p" returned false'],
  ["a start that is impossible", {
    init: { n: 0 },
    actions: { Up: () => false },
    starts: { one: "Up" },
  }, "step 1, Up, can't happen here; nothing is possible"],
  ["an initial state that is a list", {
    init: [[{ n: 0 }]],
    actions: {},
  }, "spec wrong: init[0] is an array, expected an object of variables"],
  ["an initial state that is bytes", {
    init: new Uint8Array(1),
    actions: {},
  }, "spec wrong: init is an object, expected an object of variables"],
  ["an initial state that is a function", {
    init: () => ({ n: 0 }),
    actions: {},
  }, "spec wrong: init is a function, expected an object of variables"],
  ["an argument that no trace could hold", {
    init: { n: 0 },
    actions: { Add: each([{ to: new Set([1]) }], () => {}) },
  }, "spec wrong, action Add: arguments[0] is (to: {1}): a trace writes arguments in JSON"],
  ["an argument that is no plain data", {
    init: { n: 0 },
    actions: { Add: each([0], [{ at: new Date(0) }], () => {}) },
  }, "spec wrong, action Add: arguments[1].at is of the class Date"],
  ["an action that changes its argument", {
    init: { n: 0 },
    actions: { Add: each([[1]], (_: unknown, list: number[]) => void list.push(2)) },
  }, "spec wrong, action Add([1]) threw TypeError: Cannot add property 1"],
  ["an action that changes an element of a set", {
    init: { n: new Set([{ to: 1 }]) },
    actions: {
      Send: ({ n }: { n: Set<{ to: number }> }) => {
        for (const letter of n) letter.to = 2;
      },
    },
  }, "spec wrong, action Send threw TypeError: Cannot assign to read only property 'to'"],
  ["an action that changes a set in a set", {
    init: { n: new Set([new Set([1])]) },
    actions: {
      Add: ({ n }: { n: Set<Set<number>> }) => {
        for (const inner of n) inner.add(2);
      },
    },
  }, "spec wrong, action Add threw TypeError: Cannot change a frozen set (in the state n {{1}})"],
  ["an action that freezes", {
    init: { n: [1] },
    actions: { Freeze: (s: { n: number[] }) => void Object.freeze(s.n) },
  }, "spec wrong, action Freeze: n is frozen, or changed by Object.defineProperty"],
  ["an action that names a variable by a symbol", {
    init: { n: 0 },
    actions: { Add: (s: Record<symbol, number>) => void (s[Symbol("m")] = 1) },
  }, "spec wrong, action Add: the state has a symbol among its keys"],
  ["an action that is a generator", {
    init: { n: 0 },
    actions: {
      *Up() {
        yield 1;
      },
    },
  }, "spec wrong, action Up returned an object: change the draft"],
  [
    "an action that is no function",
    { init: { n: 0 }, actions: { Up: null } },
    "spec wrong, action Up is neither",
  ],
  ["a property without a name", {
    init: { n: 0 },
    actions: {},
    properties: [always("", "", () => true)],
  }, "spec wrong: properties[0] is without a name"],
  ["a property whose sentence was left out", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", (() => true) as never, undefined as never)],
  }, 'spec wrong, property "p": its sentence is a function: after the name comes a sentence that says what'],
  ["fairness that is none", {
    init: { n: 0 },
    actions: {},
    fairness: [weak("Next"), "Next"],
  }, 'spec wrong: fairness[1] is "Next", expected what weak(...) or strong(...) returns'],
  ["fairness of a property that is none", {
    init: { n: 0 },
    actions: {},
    properties: [eventually("p", "", { holds: () => true, fair: ["Next"] as never })],
  }, 'spec wrong, property "p": fair[0] is "Next", expected what weak(...) or strong(...) returns'],
  ["a property that can't judge", {
    init: { n: 0 },
    actions: {},
    properties: [sometimes("p", "", 3 as never)],
  }, 'spec wrong, property "p": reached is 3, expected a function'],
  ["a property that finds fault without a word", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", () => "")],
  }, 'spec wrong, property "p" returned "": return true, or in words what is wrong (in the state n 0)'],
  ["a property that is async", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", (() => Promise.resolve(true)) as never)],
  }, 'spec wrong, property "p" returned a promise: return true, or in words what is wrong'],
  ["a property of steps that throws", {
    init: { n: 0 },
    actions: { Up: (s: { n: number }) => s.n < 2 && void s.n++ },
    properties: [steps("p", "", (_, { n }: { n: number }) => {
      if (n === 2) throw new Error("boom");
      return true;
    })],
  }, 'spec wrong, property "p" threw Error: boom (in the step from n 1 to n 2)'],
  ["a state that is sought neither here nor not", {
    init: { n: 0 },
    actions: {},
    properties: [sometimes("p", "", (() => undefined) as never)],
  }, 'spec wrong, property "p" returned undefined, expected true or false (in the state n 0)'],
  ["a property that asks for a variable that isn't there", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", ({ m }: Record<string, number>) => m === undefined || "m")],
  }, 'spec wrong, property "p": there is no variable m; there are n (in the state n 0)'],
  ["a property that changes a variable", {
    init: { n: 0 },
    actions: {},
    properties: [always("p", "", (s: { n: number }) => (s.n = 1, true))],
  }, 'spec wrong, property "p": n is changed: only an action changes the state'],
  ["a property that changes a list", {
    init: [{ n: [] }, { n: [1] }],
    actions: {},
    properties: [always("p", "", ({ n }: { n: number[] }) => (n.push(1), true))],
  }, 'spec wrong, property "p" threw TypeError: Cannot add property 0'],
  ["a constraint that throws", {
    init: { n: 0 },
    actions: {},
    constraint: () => {
      throw new Error("boom");
    },
  }, "spec wrong, its constraint threw Error: boom (in the state n 0)"],
  ["a constraint that decides nothing", {
    init: { n: 0 },
    actions: {},
    constraint: () => {},
  }, "spec wrong, its constraint returned undefined, expected true or false (in the state n 0)"],
  ["a start that no trace could name", {
    init: { n: 0 },
    actions: {},
    starts: { "1": "" },
  }, "spec wrong: starts is an object, expected an object of traces by name"],
];

for (const [what, definition, message] of mistakes) {
  Deno.test(`it says where the mistake is: ${what}`, async () => {
    const properties: readonly Property<never>[] = [];
    const error = await assertRejects(() => check(untyped({ properties, ...definition })), SpecError);
    assertStringIncludes(withoutPlaces(error.message), message);
  });
}

Deno.test("a spec of nothing is refused", async () => {
  await assertRejects(
    () => check(spec<never>("wrong", () => undefined as never)),
    SpecError,
    "it is undefined",
  );
});

class Box {
  readonly inside = 1;
}

/** What no state may hold, and what is said of it, after its path. */
const strangers: readonly (readonly [what: string, value: unknown, message: string])[] = [
  ["a function", () => 1, " is a function: a state is plain data"],
  ["a cycle", cyclic, "[0] contains itself: a state holds no cycles"],
  ["NaN", NaN, " is NaN: a state holds finite numbers"],
  ["Infinity", -Infinity, " is -Infinity: a state holds finite numbers"],
  ["a Map", new Map(), " is of the class Map: a state holds plain objects, arrays and sets"],
  ["a Date", new Date(0), " is of the class Date"],
  ["an object of a class", new Box(), " is of the class Box"],
  ["an array of a class", new (class Stack extends Array {})(), " is of the class Stack"],
  ["a set of a class", new (class Bag extends Set {})(), " is of the class Bag"],
  ["an array of another kind", new Float64Array(1), " is of the class Float64Array"],
  ["a promise", Promise.resolve(1), " is of the class Promise"],
  ["a getter", {
    get now() {
      return 1;
    },
  }, ".now is a getter or setter: a state is plain data"],
  [
    "a setter",
    Object.defineProperty({}, "now", { set: () => {}, enumerable: true }),
    ".now is a getter or setter: a state is plain data",
  ],
  ["a hidden field", Object.defineProperty({}, "hidden", { value: () => 1 }), ".hidden is a function"],
  ["a symbol as a key", { [Symbol("key")]: 1 }, " has a symbol among its keys: use strings"],
  ["a symbol", Symbol("s"), " is a symbol: a state is plain data"],
  ["a bigint", 1n, " is a bigint: a state is plain data"],
  ["something undefined", undefined, " is undefined: a state is plain data, where null stands for nothing"],
  ["an array with a hole", [1, , 2], "[1] is undefined: a state is plain data"],
  [
    "an array with a field",
    Object.assign([1], { extra: 2 }),
    " has a field extra: a state holds arrays and sets without",
  ],
  ["a set with a field", Object.assign(new Set(), { extra: 2 }), " has a field extra"],
];

for (const [what, value, message] of strangers) {
  const deep = () => ({ deep: [[0]] as unknown[] });
  const given: readonly (readonly [where: string, definition: object, path: string])[] = [
    ["an initial state", { init: { v: { deep: [[value]] } }, actions: {} }, "spec wrong: init.v.deep[0][0]"],
    ["one of several initial states", {
      init: [{ v: deep() }, { v: { deep: [[value]] } }],
      actions: {},
    }, "spec wrong: init[1].v.deep[0][0]"],
    ["what an action writes", {
      init: { v: deep() },
      actions: { Write: (s: { v: { deep: unknown[] } }) => void (s.v.deep[0] = [value]) },
    }, "spec wrong, action Write: v.deep[0][0]"],
    ["what an action adds to an array", {
      init: { v: [] },
      actions: { Push: ({ v }: { v: unknown[] }) => v.length === 0 && void v.push({ x: [value] }) },
    }, "spec wrong, action Push: v[0].x[0]"],
    ["what an action adds to a set", {
      init: { v: new Set() },
      actions: { Add: ({ v }: { v: Set<unknown> }) => void v.add({ x: [value] }) },
    }, "spec wrong, action Add: v{}.x[0]"],
    ["an argument", {
      init: { v: 0 },
      actions: { Take: each([0], [{ x: [value] }], () => {}) },
    }, "spec wrong, action Take: arguments[1].x[0]"],
  ];
  Deno.test(`no state holds ${what}, and it is said where it was found`, async () => {
    for (const [where, definition, path] of given) {
      const run = () => check(untyped({ properties: [], ...definition }), { depth: 4 });
      await assertRejects(run, SpecError, path + message, where);
    }
  });
}

/** A state of which a property changes something. */
interface Touched {
  n: number;
  pair: { a: number; c?: number };
  list: number[];
  rows: { x: number }[];
  bag: Set<number>;
}

const touches: Readonly<Record<string, (s: Touched) => void>> = {
  "a variable": (s) => void s.n++,
  "a field": (s) => void (s.pair.a = 9),
  "a new field": (s) => void (s.pair.c = 9),
  "a field that goes": (s) => void delete (s.pair as Partial<Touched["pair"]>).a,
  "an item": (s) => void (s.list[0] = 9),
  "a longer list": (s) => void s.list.push(9),
  "a shorter list": (s) => void s.list.pop(),
  "a sorted list": (s) => void s.list.sort((a, b) => b - a),
  "a list of objects": (s) => void s.rows.push({ x: 9 }),
  "an object in a list": (s) => void (s.rows[0]!.x = 9),
  "a set": (s) => void s.bag.add(9),
};

for (const [what, touch] of Object.entries(touches)) {
  Deno.test(`a property that changes ${what} is refused, at once or when it has looked at all before`, async () => {
    for (const when of [0, 3]) {
      const looking = spec<Touched>("looking", () => ({
        init: { n: 0, pair: { a: 0 }, list: [0, 1], rows: [{ x: 0 }, { x: 1 }], bag: new Set() },
        actions: { Up: (s) => s.n < 5 && void (s.pair.a = s.rows[0]!.x = s.list[0] = ++s.n) },
        properties: [
          always("p", "", (s) => {
            const sum = s.pair.a + s.list[0]! + s.list[1]! + s.rows[0]!.x + s.rows[1]!.x + s.bag.size;
            if (s.n === when) touch(s as Touched);
            return sum >= 0 || "no";
          }),
        ],
      }));
      const message = new RegExp(
        `spec looking, property "p".*(only an action changes the state|read only|not extensible|Cannot delete).*in the state n ${when}`,
      );
      const error = await assertRejects(() => check(looking), SpecError);
      assertMatch(error.message, message);
    }
  });
}

Deno.test("an action that puts something else into a set each time is refused, where it was run for ever", async () => {
  let id = 0;
  const ids = spec<{ ids: Set<number> }>("ids", () => ({
    init: { ids: new Set() },
    actions: { Add: (s) => s.ids.size < 3 && void s.ids.add(id++) },
    properties: [],
  }));
  const error = await assertRejects(() => check(ids), SpecError);
  assertStringIncludes(error.message, "spec ids, action Add is not deterministic");
});

Deno.test("what would go wrong only beyond a constraint of steps goes wrong nowhere", async () => {
  const bounded = (most: number) =>
    spec<{ n: number }>("bounded", () => ({
      init: { n: 0 },
      actions: {
        Up: (s) => void s.n++,
        Look: (s) => {
          if (s.n > 3) throw new Error("too far");
          return false;
        },
      },
      actionConstraint: (_, after) => after.n <= most,
      ends: () => true,
      properties: [],
    }));
  const { distinct } = await check(bounded(3));
  assertEquals(distinct, 4);
  const error = await assertRejects(() => check(bounded(9)), SpecError);
  assertStringIncludes(withoutPlaces(error.message), "action Look threw Error: too far (in the state n 4)");
});
