/**
 * Small specs by chance: the engine against a plain search, in every mode. To run one seed alone:
 *
 *     SEED=17 deno test -A tests/spec/random_specs_test.ts
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  check,
  type CheckOptions,
  cluster,
  replay,
  type Report,
  spec,
  SpecError,
  type Specification,
} from "../../spec/mod.ts";
import { untilInShape } from "../../spec/dsl/shape.ts";
import { definitionOf, drawFrom, randomSpec } from "./random_spec.ts";
import { randomCluster } from "./random_cluster.ts";
import { explore, type Explored, type Machine, machineOf, textOf } from "./reference.ts";
import {
  orbitOf,
  randomSymmetricCluster,
  randomSymmetricSpec,
  unordered,
  vocabulary,
} from "./random_symmetric.ts";
import { manySpecs, oneCluster, specifications } from "./drawn.ts";
import { clusterMachine, type Global } from "./reference_cluster.ts";

/** Ways to check a spec that must not make a difference. */
const modes: readonly (readonly [mode: string, options: CheckOptions])[] = [
  ["default", {}],
  ["exact", { exact: true }],
];

/** A specification by chance, and what it means. */
interface Drawn {
  readonly text: string;
  readonly specification: Specification;
  /** The same, with a view in place of its symmetry that takes the same states for one. */
  readonly viewed?: Specification;
  readonly machine: Machine<unknown>;
}

const fronts: readonly (readonly [front: string, seeds: number, draw: (seed: number) => Drawn])[] = [
  ["spec", 200, (seed) => {
    const text = randomSpec(drawFrom(seed));
    const specification = spec<never>("drawn", () => definitionOf(text) as never);
    return { text, specification, machine: machineOf(definitionOf(text)) };
  }],
  ["cluster", 150, (seed) => {
    const text = randomCluster(drawFrom(seed));
    const specification = cluster("drawn", () => definitionOf(text));
    return { text, specification, machine: clusterMachine(definitionOf(text)) as Machine<unknown> };
  }],
];

/** Beyond so many states a search ends, once its layer is complete. */
const most = 200;

const symmetric: readonly (readonly [front: string, seeds: number, draw: (seed: number) => Drawn])[] = [
  ["spec", 50, (seed) => {
    const text = randomSymmetricSpec(drawFrom(seed));
    const build = () => definitionOf(text, vocabulary);
    const specification = spec<never>("drawn", () => build() as never);
    const orbit = orbitOf(vocabulary.sets);
    const viewed = spec<never>("viewed", () => {
      const { symmetry: _, ...rest } = build();
      return { ...rest, view: orbit } as never;
    });
    return { text, specification, viewed, machine: { ...machineOf(build()), orbit } };
  }],
  ["cluster", 60, (seed) => {
    const text = randomSymmetricCluster(drawFrom(seed));
    const definition = definitionOf(text);
    const orbit = orbitOf(definition.symmetry ?? []);
    const machine = {
      ...clusterMachine(definition),
      orbit: (state: Global) => orbit(unordered(definition, state)),
    };
    return {
      text,
      specification: cluster("drawn", () => definitionOf(text)),
      machine: machine as Machine<unknown>,
    };
  }],
];

for (const [front, count, draw] of symmetric) {
  const seed = Deno.env.get("SEED");
  const seeds = seed === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(seed)];
  Deno.test(`${front}: with symmetry the engine finds the quotient by brute force (seeds 1 to ${count})`, async () => {
    const tally = { violated: 0, exhausted: 0, cut: 0, distinct: 0, states: 0 };
    for (const seed of seeds) {
      const drawn = draw(seed);
      const quotient = explore(drawn.machine, most);
      const whole = explore({ ...drawn.machine, orbit: drawn.machine.text }, most * 6);
      if (whole.distinct === 0) {
        await refused(drawn);
        continue;
      }
      await told(seed, drawn, async () => {
        await compare("symmetry", { symmetry: true }, drawn, quotient);
        if (drawn.viewed !== undefined) {
          await compare("view", {}, { ...drawn, specification: drawn.viewed }, quotient);
        }
        await compare("default", {}, drawn, whole);
        // What is found is as far away as without symmetry, as far as both have looked.
        if (quotient.exhausted && whole.exhausted) {
          assertEquals([quotient.lengths, quotient.depth], [whole.lengths, whole.depth]);
        }
        if (quotient.violated && whole.violated) assertEquals(quotient.lengths, whole.lengths);
      });
      if (quotient.violated) tally.violated++;
      if (quotient.exhausted) tally.exhausted++;
      if (quotient.cut > 0) tally.cut++;
      if (!quotient.exhausted || !whole.exhausted) continue;
      tally.distinct += quotient.distinct;
      tally.states += whole.distinct;
    }
    if (seed !== undefined) return;
    assert(tally.violated > count / 10 && tally.violated < count / 1.5, `${tally.violated} are violated`);
    assert(tally.exhausted > count / 5, `${tally.exhausted} are exhausted`);
    assert(tally.cut > count / 30, `${tally.cut} are cut by a constraint`);
    assert(tally.distinct * 3 < tally.states, `${tally.distinct} orbits of ${tally.states} states`);
  });
}

for (const [front, count, draw] of fronts) {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  const seed = Deno.env.get("SEED");
  const seeds = seed === undefined ? all : [Number(seed)];
  Deno.test(`${front}: the engine finds what a plain search finds (seeds 1 to ${count})`, async () => {
    const tally = { violated: 0, exhausted: 0, cut: 0, cutSteps: 0, distinct: 0 };
    for (const seed of seeds) {
      const drawn = draw(seed);
      const expected = explore(drawn.machine, most);
      if (expected.distinct === 0) {
        await refused(drawn);
        continue;
      }
      await told(seed, drawn, async () => {
        for (const [mode, options] of modes) await compare(mode, options, drawn, expected);
        compareGraphs(drawn);
      });
      if (expected.violated) tally.violated++;
      if (expected.exhausted) tally.exhausted++;
      if (expected.cut > 0) tally.cut++;
      if (expected.cutSteps > 0) tally.cutSteps++;
      tally.distinct += expected.distinct;
    }
    if (seed !== undefined) return;
    // Specs that are too easy or too hard would show nothing.
    assert(tally.violated > count / 8 && tally.violated < count / 1.5, `${tally.violated} are violated`);
    assert(tally.exhausted > count / 5, `${tally.exhausted} are exhausted`);
    assert(tally.cut > count / 20, `${tally.cut} are cut by a constraint`);
    assert(tally.cutSteps > count / 20, `${tally.cutSteps} are cut by an action constraint`);
    assert(tally.distinct > count * 30, `${tally.distinct} states in all`);
  });
}

const module = new URL("./drawn.ts", import.meta.url).href;

/** So many states make layers that workers share. */
const many = 9000;

for (
  const [front, seeds, draw] of [
    ["spec", [3, 47, 78, 98, 193], (seed: number) => machineOf(manySpecs(seed))],
    ["cluster", [2, 68, 125, 203], (seed: number) => clusterMachine(oneCluster(seed)) as Machine<unknown>],
  ] as const
) {
  Deno.test(`${front}: two workers find what a plain search finds (seeds ${seeds.join(", ")})`, async () => {
    for (const seed of seeds) {
      const drawn: Drawn = {
        text: `${front} of drawn.ts`,
        specification: specifications()[front],
        machine: draw(seed),
      };
      const expected = explore(drawn.machine, many);
      const options = { parameters: { seed }, workers: { count: 2, module, name: front } };
      await told(seed, drawn, () => compare("workers", options, drawn, expected));
    }
  });
}

/** A spec whose constraint lets it begin nowhere is no spec. */
async function refused({ specification }: Drawn): Promise<void> {
  await assertRejects(() => check(specification), SpecError, "its constraint keeps out every initial state");
}

/** What fails says with which seed, and with which spec. */
async function told(seed: number, { text }: Drawn, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${text}`, {
      cause: error,
    });
  }
}

async function compare(
  mode: string,
  options: CheckOptions,
  { specification }: Drawn,
  expected: Explored,
): Promise<void> {
  const depth = expected.exhausted || expected.violated ? null : expected.depth;
  const report = await check(specification, { depth, ...options });
  const { generated, distinct, cut, cutSteps, exhausted, searches, properties } = report;
  const found = {
    generated,
    distinct,
    cut,
    cutSteps,
    exhausted,
    violated: report.verdict === "violated",
    depth: searches[0]?.depth,
    lengths: Object.fromEntries(
      properties.map(({ property, run }) => [property.name, run?.steps.length ?? null]),
    ),
  };
  assertEquals(found, expected, `mode ${mode}`);
  replayAll(report, specification, options.parameters ?? {});
}

/** Every trace that is printed replays to what was found. */
function replayAll(
  report: Report,
  specification: Specification,
  parameters: Report["parameters"],
): void {
  for (const { property, trace, run, witness } of report.properties) {
    if (trace === null || run === null) continue;
    const step = run.steps.length;
    if (property.kind === "sometimes") {
      assertEquals(replay(specification, trace, { parameters }).run.steps.length, step);
      continue;
    }
    const { violations } = replay(specification, trace, { parameters });
    assertEquals(violations.find(({ name }) => name === property.name), {
      name: property.name,
      witness: witness ?? "",
      step,
    });
  }
}

/** Walks through both graphs at once: the same steps lead to the same states. */
function compareGraphs({ specification, machine }: Drawn): void {
  untilInShape(() => {
    const model = specification.build(specification.parameters);
    const queue = machine.initial.map((state, index) => ({
      plain: state,
      state: model.starts[index]!.state,
    }));
    const met = new Set(queue.map(({ plain }) => machine.text(plain)));
    for (let index = 0; index < queue.length && index < most; index++) {
      const { plain, state } = queue[index]!;
      assertEquals(textOf(model.view(state.vector, 0, () => {})), textOf(machine.see(plain)));
      const steps = new Map(
        model.steps(state).flatMap((step) => [step.label, ...step.aliases].map((name) => [name, step.to])),
      );
      const next = machine.next(plain);
      assertEquals(new Set(steps.values()).size, next.length, `steps of ${JSON.stringify(plain)}`);
      for (const [label, to] of next) {
        const found = steps.get(label);
        assert(found !== undefined, `no step ${label} in ${machine.text(plain)}`);
        const text = machine.text(to);
        if (met.has(text)) continue;
        met.add(text);
        queue.push({ plain: to, state: found });
      }
    }
  });
}
