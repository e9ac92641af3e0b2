/** Modules of others that are broken: exit 64 and a clear message, never 1, which would mean "violated". */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { command, quorate, root, withFiles } from "./cli_support.ts";

/** A spec with this action and these properties, and code around it. */
function moduleOf(action: string, properties = "", code = ""): string {
  return `import { always, spec } from "@quorate/raft/spec";
${code}
export default spec("mine", () => ({ init: { n: 0 }, actions: { Up: ${action} }, properties: [${properties}] }));
`;
}

const endless = "(s) => void (s.n = (s.n + 1) % 10_000_000)";
const handMade = '{ name: "made", parameters: {}, bounds: {}, depth: null, summary: () => "", build: BUILD }';

const broken: readonly (readonly [what: string, text: string, message: string])[] = [
  ["a top-level await that never settles", "await new Promise(() => {});", "isn't loaded after 1 s"],
  [
    "a timer that throws while the check runs",
    moduleOf(endless, "", 'setTimeout(() => { throw new Error("boom"); }, 300);'),
    "error: spec.ts threw, and nobody caught it: Error: boom",
  ],
  [
    "a rejection that nobody handles",
    moduleOf(endless, "", 'setTimeout(() => Promise.reject(new Error("boom")), 300);'),
    "error: spec.ts threw, and nobody caught it: Error: boom",
  ],
  [
    "no actions",
    'import { spec } from "@quorate/raft/spec"; export default spec("p", () => ({ init: {} }));',
    [
      "error: spec p: actions is missing",
    ].join(),
  ],
  ["a property that is a bare function", moduleOf("() => {}", "() => true"), "properties[0] is a function"],
  [
    "a spec made by hand whose build throws",
    `export default ${handMade.replace("BUILD", "() => { throw new TypeError('oh'); }")};`,
    "error: spec made threw TypeError: oh",
  ],
  [
    "a spec made by hand that builds nothing",
    `export default ${handMade.replace("BUILD", "() => ({})")};`,
    "error: spec made: its build returns no model",
  ],
  [
    "a message that would clear the screen",
    'throw new Error("\\x1b[2Jboom");',
    "spec.ts can't be loaded: Error: \\u001b[2Jboom",
  ],
];

for (const [what, text, message] of broken) {
  Deno.test(`a module that is broken exits 64: ${what}`, async () => {
    await withFiles({ "spec.ts": text }, async (folder) => {
      const { code, stderr } = await quorate(["check", "spec.ts", "--timeout", "1"], folder);
      assertEquals(code, 64, stderr);
      assertStringIncludes(stderr, message);
      assert(!stderr.includes("    at "), stderr);
    });
  });
}

Deno.test("what code of the user's throws says at which line of it, and tells of no file of ours", async () => {
  const helper = `
export function grow(s) {
  s.n++;
  null.n;
}`;
  const module = `
import { always, spec } from "@quorate/raft/spec";
import { grow } from "./helper.ts";
if (Deno.args.includes("early=true")) throw new Error("early");
export default spec("p", { early: false, late: false }, ({ late }) => ({
  init: { n: 0 },
  actions: {
    Up: (s) => late ? void s.n++ : grow(s),
  },
  properties: [
    always("p", "", ({ n }) => {
      if (n === 2) throw new RangeError("two");
      return true;
    }),
  ],
}));`;
  await withFiles({ "spec.ts": module, "helper.ts": helper }, async (folder) => {
    for (
      const [set, message] of [
        [
          "late=false",
          "spec p, action Up threw TypeError: Cannot read properties of null (reading 'n'), at helper.ts:4:8 (",
        ],
        ["late=true", 'spec p, property "p" threw RangeError: two, at spec.ts:12:26 ('],
        ["early=true", "spec.ts can't be loaded: Error: early, at spec.ts:4:45\n"],
      ] as const
    ) {
      const { code, stderr } = await quorate(["check", "spec.ts", "--set", set], folder);
      assertEquals(code, 64, stderr);
      assertStringIncludes(stderr, `error: ${message}`);
      assert(!/file:|spec\//.test(stderr), stderr);
    }
  });
});

Deno.test("a witness can't write to the terminal: its control characters are shown, in a replay, too", async () => {
  const nasty = `always("p\\x07", "s\\x1b[1m", ({ n }) => n < 2 || "red \\x1b[31m\\nline \\x9b")`;
  await withFiles({ "spec.ts": moduleOf("(s) => void s.n++", nasty) }, async (folder) => {
    for (const args of [["check", "spec.ts"], ["replay", "Up Up", "spec.ts"]]) {
      const { code, stdout } = await quorate(args, folder);
      assertEquals(code, 1);
      assertStringIncludes(stdout, "red \\u001b[31m\\nline \\u009b");
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(stdout), JSON.stringify(stdout));
    }
  });
});

Deno.test("the command that repeats a run is one that works where it was typed", async () => {
  const text = moduleOf("(s) => void s.n++", 'always("p", "", ({ n }) => n < 2 || "two")');
  await withFiles({ "spec.ts": text }, async (folder) => {
    const direct = await quorate(["check", "spec.ts"], folder);
    assertMatch(direct.stdout, /\nreplay: deno run -R \/\S*\/spec\/cli\.ts replay 'Up Up' spec\.ts\n$/);
    const task = await quorate(["check", "spec.ts", "--cwd", folder]);
    assertMatch(task.stdout, /\nreplay: deno task replay 'Up Up' spec\.ts\n$/);
  });
});

Deno.test("a spec of the catalog needs no permission; what does says which one", async () => {
  const check = await command(["check", "two_phase_commit"], root, []).output();
  assertEquals(check.code, 0, new TextDecoder().decode(check.stderr));
  for (const args of [["break", "vote-twice", "--json"], ["check", "spec.ts"]]) {
    const { code, stdout, stderr } = await command(args, root, []).output();
    assertEquals([code, stdout.length], [64, 0]);
    assertMatch(new TextDecoder().decode(stderr), /^error: .*read access to .*\n(help: .*\n)?$/);
  }
});

Deno.test({
  name: "stdout that can't be written exits 64 with one line",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const program = [Deno.execPath(), "run", "-R", "--no-check", "spec/cli.ts", "check", "die_hard"];
    for (const to of [">/dev/full", ">/dev/full 2>&1"]) {
      const args = ["-c", `"$@" ${to}`, "sh", ...program];
      const shell = new Deno.Command("sh", {
        args,
        cwd: root,
        stderr: "piped",
      });
      const { code, stderr } = await shell.output();
      assertEquals(code, 64);
      assertMatch(new TextDecoder().decode(stderr), /^(error: stdout can't be written: .*\n)?$/);
    }
  },
});
