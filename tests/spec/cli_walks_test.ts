/** The real command on random walks: from a seed, in shards, and merged. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { quorate, root, withFiles } from "./cli_support.ts";

const walks = ["check", "two_phase_commit", "--walks", "90", "--seed", "5"];

/** The lines but those about progress, of which a merged report has none. */
function found(lines: readonly Record<string, unknown>[]) {
  return lines.filter(({ type }) => type !== "progress");
}

/** The reports of all shards, by the names of files. */
async function shardsOf(args: readonly string[], parts: number): Promise<Record<string, string>> {
  const numbers = Array.from({ length: parts }, (_, index) => index + 1);
  const results = await Promise.all(
    numbers.map((part) => quorate([...args, "--shard", `${part}/${parts}`, "--json"])),
  );
  return Object.fromEntries(results.map(({ stdout }, index) => [`${index + 1}.jsonl`, stdout]));
}

Deno.test("check --walks: what is drawn is printed, exit 0, and nothing is called exhausted", async () => {
  const { code, stdout, stderr } = await quorate(walks);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "two_phase_commit · 3 managers\n90 random walks to depth 100, seed 5\n\n");
  assertStringIncludes(stdout, "\nok  no counterexample in 90 random walks through ");
  assertMatch(stderr, /^ +9 of 90 walks +\d+ states/);
  assertEquals((await quorate(walks)).stdout.replace(/\d\.\d s/, ""), stdout.replace(/\d\.\d s/, ""));
});

Deno.test("check --walks draws a seed where none is given, and the seed that it prints gives the same walks", async () => {
  const [start, ...rest] = (await quorate(["check", "raft", "--walks", "20", "--json"])).json();
  assert(Number.isSafeInteger(start?.seed));
  const again = await quorate(["check", "raft", "--walks", "20", "--seed", String(start?.seed), "--json"]);
  assertEquals(again.json(), [start, ...rest]);
});

Deno.test("a violation in a walk exits 1, and the command that is printed last repeats it", async () => {
  const { code, stdout } = await quorate([
    "check",
    "die_hard",
    "--walks",
    "1000",
    "--seed",
    "3",
    "--cwd",
    root,
  ]);
  assertEquals(code, 1);
  const [, trace = ""] = stdout.match(/\nreplay: deno task replay '(.*)' die_hard\n$/) ?? [];
  assertEquals((await quorate(["replay", trace, "die_hard"])).code, 1);
});

Deno.test("--timeout ends the walks: exit 2", async () => {
  const { code, json } = await quorate(["check", "raft", "--walks", "99999999", "--timeout", "1", "--json"]);
  assertEquals([code, json().at(-1)?.verdict], [2, "inconclusive"]);
});

Deno.test("--merge makes of the reports of all shards that of the whole run", async () => {
  const whole = (await quorate([...walks, "--json"])).json();
  const files = await shardsOf(walks, 3);
  await withFiles(files, async (folder) => {
    const { code, json } = await quorate(["check", "--merge", ...Object.keys(files), "--json"], folder);
    assertEquals(code, 0);
    assertEquals(found(json()), found(whole));
  });
});

Deno.test("--merge of one file that holds all reports, and what others wrote between, as a log does", async () => {
  const files = await shardsOf(walks, 3);
  const log = ["Download something", files["2.jsonl"], files["3.jsonl"], "error: some", files["1.jsonl"]]
    .join("\n");
  await withFiles({ log }, async (folder) => {
    const { code, stdout } = await quorate(["check", "--merge", "log", "--cwd", folder]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "two_phase_commit · 3 managers\n90 random walks to depth 100, seed 5\n\n");
    assertStringIncludes(stdout, "\nok  no counterexample in 90 random walks through ");
  });
});

Deno.test("--merge shows the first violation of all shards, and how to replay it", async () => {
  const args = ["check", "die_hard", "--walks", "400", "--seed", "3"];
  const files = await shardsOf(args, 2);
  const whole = (await quorate([...args, "--json"])).json();
  await withFiles(files, async (folder) => {
    const { code, stdout } = await quorate(["check", "--merge", "1.jsonl", "2.jsonl", "--cwd", folder]);
    assertEquals(code, 1);
    const trace = whole.find(({ result }) => result === "violated")?.trace;
    assertMatch(
      stdout,
      /^violated {2}always {2}Never Four Gallons {3}the big jug holds 4 gallons {3}in walk \d+ /m,
    );
    assert(stdout.endsWith(`\nreplay: deno task replay '${trace}' die_hard\n`), stdout);
  });
});

Deno.test("--merge names the shards that are missing or never ended, exit 2", async () => {
  const files = await shardsOf(walks, 4);
  const cut = { ...files, "2.jsonl": files["2.jsonl"]!.split("\n").slice(0, 3).join("\n"), "4.jsonl": "" };
  await withFiles(cut, async (folder) => {
    const { code, stdout, stderr } = await quorate(["check", "--merge", ...Object.keys(cut)], folder);
    assertEquals(code, 2);
    assertStringIncludes(stdout, "\n    missing: shards 2/4, 4/4; run them, and merge all again\n");
    assertStringIncludes(stderr, "4.jsonl holds no report\n");
    const json = (await quorate(["check", "--merge", ...Object.keys(cut), "--json"], folder)).json().at(-1);
    assertEquals([json?.missing, json?.verdict, json?.exit], [["2/4", "4/4"], "inconclusive", 2]);
  });
});

Deno.test("--merge needs no permission but to read, and no file of a spec", async () => {
  const files = await shardsOf(walks, 2);
  await withFiles({ ...files, "counter.ts": "throw 1;" }, async (folder) => {
    assertEquals(
      (await quorate(["check", "--merge", join(folder, "1.jsonl"), join(folder, "2.jsonl")])).code,
      0,
    );
  });
});

Deno.test("--merge refuses what are no shards of one run: exit 64, and why", async () => {
  const files = {
    ...await shardsOf(walks, 2),
    "other.jsonl": (await quorate([...walks.with(-1, "6"), "--shard", "2/2", "--json"])).stdout,
    "thirds.jsonl": (await quorate([...walks, "--shard", "2/3", "--json"])).stdout,
    "whole.jsonl": (await quorate([...walks, "--json"])).stdout,
    "search.jsonl": (await quorate(["check", "two_phase_commit", "--json"])).stdout,
    "cut.jsonl": '{"type":"sta',
    "headless.jsonl": '{"type":"end","generated":1,"cut":0,"walks":1,"depth":1,"verdict":"holds"}',
    "empty.jsonl": "",
  };
  const expected: readonly (readonly [files: readonly string[], message: string])[] = [
    [["1.jsonl", "1.jsonl"], "shard 1/2 is there twice: in 1.jsonl and in 1.jsonl"],
    [
      ["1.jsonl", "other.jsonl"],
      "1.jsonl and other.jsonl are not of one run: seed 5 in the one, 6 in the other",
    ],
    [["1.jsonl", "thirds.jsonl"], "are not of one run: number of shards 2 in the one, 3 in the other"],
    [["whole.jsonl"], "whole.jsonl holds a whole run, and no shard of one: it has no --shard"],
    [["search.jsonl"], "search.jsonl, line 1 is not from check --walks --json"],
    [["cut.jsonl"], "cut.jsonl, line 1 is no JSON: is it cut off?"],
    [["headless.jsonl"], "headless.jsonl, line 1 belongs to no report"],
    [["empty.jsonl"], "there is no report in these files"],
    [["nowhere.jsonl"], "nowhere.jsonl can't be read"],
  ];
  await withFiles(files, async (folder) => {
    for (const [names, message] of expected) {
      const { code, stdout, stderr } = await quorate(["check", "--merge", ...names], folder);
      assertEquals([code, stdout], [64, ""], message);
      assertStringIncludes(stderr, message);
    }
  });
});
