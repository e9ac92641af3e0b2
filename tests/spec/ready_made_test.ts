/** The ready-made test of a counterexample: it fails until the spec is mended. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { replay, spec, SpecError } from "../../spec/mod.ts";
import { quorate, root, withFiles } from "./cli_support.ts";

const counter = `
import { always, each, spec } from "@quorate/raft/spec";
export default spec<{ n: number }, { most: number }>("counter", { most: 3 }, ({ most }) => ({
  init: { n: 0 },
  actions: { Add: each([1, 2], (s: { n: number }, k) => s.n + k <= most && void (s.n += k)) },
  properties: [always("small", "n < 5", ({ n }) => n < 5 || "n is \\"" + n + "\\"")],
}));
`;

/** What a run of the tests in a file says, and whether they pass. */
async function run(file: string): Promise<{ readonly passes: boolean; readonly text: string }> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--config", join(root, "deno.json"), file],
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  return { passes: success, text: new TextDecoder().decode(stdout) };
}

Deno.test("a ready-made test fails as long as the spec is wrong, and passes when it is mended in any way", async () => {
  await withFiles({ "counter.ts": counter }, async (folder) => {
    const args = ["check", "counter.ts", "--set", "most=9", "--cwd", folder];
    const { code, stdout: text, stderr } = await quorate([...args, "--test"]);
    assertEquals(code, 1);
    assert(text.startsWith("import "), text);
    assert(stderr.endsWith("replay 'Add(1) Add(2) Add(2)' counter.ts --set most=9\n"), stderr);
    assertStringIncludes(text, "{ parameters: { most: 9 }, asFarAsPossible: true }");
    const file = join(folder, "counter_test.ts");
    await Deno.writeTextFile(file, text);
    const mended = [
      [counter, false, 'n is "5"'],
      [counter.replace("n < 5 ||", "n < 6 ||"), true, "1 passed"], // the run violates nothing
      [counter.replace("s.n + k <= most", "s.n + k < 5"), true, "1 passed"], // the run can't happen
      [counter.replace("Add: each", "Plus: each"), false, "step 1, Add(1), can't happen here"], // who knows?
    ] as const;
    for (const [module, passes, said] of mended) {
      await Deno.writeTextFile(join(folder, "counter.ts"), module);
      const result = await run(file);
      assertEquals(result.passes, passes, result.text);
      assertStringIncludes(result.text, said);
    }
  });
});

Deno.test("a ready-made test of a spec in the catalog, and of a random walk", async () => {
  const { stdout } = await quorate(["check", "die_hard", "--walks", "1000", "--seed", "3", "--test"]);
  const text = stdout.replace('"./spec/catalog/mod.ts"', JSON.stringify(join(root, "spec/catalog/mod.ts")));
  await withFiles({ "die_hard_test.ts": text }, async (folder) => {
    const { passes, text } = await run(join(folder, "die_hard_test.ts"));
    assertEquals(passes, false);
    assertStringIncludes(text, "Error: the big jug holds 4 gallons");
  });
});

Deno.test("a check says that there is a ready-made test, and prints it only if asked", async () => {
  const { stdout } = await quorate(["check", "die_hard"]);
  assertStringIncludes(stdout, "\na Deno.test of this run: --test\nlook around: ");
  assert(!stdout.includes("import "), stdout);
  const sound = await quorate(["check", "two_phase_commit", "--test"]);
  assertEquals(sound.stdout, "");
  assert(sound.stderr.endsWith("no counterexample: nothing is written to stdout\n"), sound.stderr);
});

Deno.test("a ready-made test of a run that never ends passes when the spec is fair enough, or the run doesn't lead back", async () => {
  const lamp = `
import { eventuallyAlways, spec, weak } from "@quorate/raft/spec";
export default spec<{ on: boolean; broken: boolean }>("lamp", () => ({
  init: { on: false, broken: false },
  actions: { Toggle: (s) => !s.broken && void (s.on = !s.on), Break: (s) => !s.broken && void (s.broken = true) },
  ends: ({ broken }) => broken,
  fairness: [weak("Next")],
  properties: [eventuallyAlways("settled", "", ({ broken }) => broken)],
}));
`;
  await withFiles({ "lamp.ts": lamp }, async (folder) => {
    const args = ["check", "lamp.ts", "--cwd", folder];
    const { stderr, stdout } = await quorate([...args, "--test"]);
    assertStringIncludes(stdout, 'replay(spec, "Toggle Toggle", { loop: 2, asFarAsPossible: true })');
    assertStringIncludes(stderr, "replay 'Toggle Toggle' lamp.ts --loop 2\n");
    const file = join(folder, "lamp_test.ts");
    await Deno.writeTextFile(file, stdout);
    const mended = [
      [lamp, false, "from the first state on it is not so again and again"],
      [lamp.replace('weak("Next")', 'weak("Break")'), true, "1 passed"],
      [lamp.replace("(s.on = !s.on)", "(s.on = true)"), true, "1 passed"], // it doesn't lead back
    ] as const;
    for (const [module, passes, said] of mended) {
      await Deno.writeTextFile(join(folder, "lamp.ts"), module);
      const result = await run(file);
      assertEquals(result.passes, passes, result.text);
      assertStringIncludes(result.text, said);
    }
  });
});

const up = spec<{ n: number }, { most: number }>("up", { most: 2 }, ({ most }) => ({
  init: { n: 0 },
  actions: { Up: (s) => s.n < most && void s.n++ },
  properties: [],
}));

Deno.test("a replay as far as possible ends before the first step that can't happen", () => {
  assertEquals(replay(up, "Up Up Up Up", { asFarAsPossible: true }).run.steps.length, 2);
  assertThrows(() => replay(up, "Up Up Up"), SpecError, "step 3, Up, can't happen here");
  assertThrows(
    () => replay(up, "Up Down", { asFarAsPossible: true }),
    SpecError,
    "step 2, Down, can't happen",
  );
  assertThrows(() => replay(up, "Up U%p", { asFarAsPossible: true }), SpecError, "step 2, U%p, is no step");
});
