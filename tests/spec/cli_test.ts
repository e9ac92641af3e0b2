/** The real command, as a process with no permission but to read. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { raft } from "../../spec/raft/mod.ts";
import { command, quorate, root, withFiles } from "./cli_support.ts";

const counter = `
import { always, spec } from "@quorate/raft/spec";
export default spec("counter", { most: 3 }, ({ most }) => ({
  init: { n: 0 },
  actions: { Up: (s) => s.n < most && void s.n++ },
  ends: ({ n }) => n === most,
  properties: [always("small", "n < 5", ({ n }) => n < 5 || "n is " + n)],
}));
`;

Deno.test("check: every property of raft holds to a small depth, exit 0", async () => {
  const { code, stdout, stderr } = await quorate(["check", "--depth", "5"]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^raft · 3 servers · .*\nchecking src\/core\/step.ts, the function that production runs\n/,
  );
  assertMatch(stdout, /\nok {2}no counterexample to depth 5; /);
  assertMatch(stderr, /depth +states +new +states\/s\n +2 +10 +/);
});

Deno.test("check --json: the documented fields, and the same counts each time", async () => {
  const args = ["check", "two_phase_commit", "--json"];
  const [first, second] = await Promise.all([quorate(args), quorate(args)]);
  assertEquals(first.stdout, second.stdout);
  const lines = first.json();
  assertEquals(lines[0], {
    type: "start",
    format: 1,
    spec: "two_phase_commit",
    parameters: { managers: 3 },
    bounds: null,
    depth: null,
    properties: ["Consistent", "all commit", "all abort"],
  });
  assertEquals(lines[1], {
    type: "progress",
    search: "steps",
    depth: 2,
    generated: 8,
    distinct: 8,
    queue: 7,
  });
  const properties = lines.filter(({ type }) => type === "property");
  assertEquals(
    properties.map(({ name, kind, result, trace, loop, witness }) => [
      name,
      kind,
      result,
      typeof trace,
      loop,
      witness,
    ]),
    [
      ["Consistent", "always", "holds", "object", null, null],
      ["all commit", "sometimes", "reached", "string", null, null],
      ["all abort", "sometimes", "reached", "string", null, null],
    ],
  );
  assertEquals(lines.at(-1), {
    type: "end",
    generated: 1146,
    distinct: 288,
    cut: 0,
    depth: 11,
    exhausted: true,
    permutations: null,
    cutSteps: 0,
    viewed: false,
    neverEnabled: [],
    verdict: "holds",
    exit: 0,
  });
});

Deno.test("a violation exits 1, and the command that is printed last repeats it", async () => {
  const checked = await quorate(["check", "die_hard", "--cwd", root]);
  assertEquals(checked.code, 1);
  const [, trace = "", rest] = checked.stdout.trimEnd().split("\n").at(-1)?.match(
    /^replay: deno task replay '(.*)' (.*)$/,
  ) ?? [];
  assertEquals(rest, "die_hard");
  const replayed = await quorate(["replay", trace, "die_hard"]);
  assertEquals(replayed.code, 1);
  assertMatch(
    replayed.stdout,
    /\nviolated {2}Never Four Gallons {3}the big jug holds 4 gallons {3}after 6 steps\n/,
  );
  const json = (await quorate(["replay", trace, "die_hard", "--json"])).json();
  assertEquals(json.filter(({ result }) => result === "violated").map(({ name }) => name), [
    "Never Four Gallons",
  ]);
  assertEquals(json.at(-1)?.exit, 1);
});

Deno.test("break: what there is, and a mutant that dies and is replayed", async () => {
  const list = (await quorate(["break", "--json"])).json();
  assert(list.length > 10);
  assert(
    list.every(({ type, name, sentence, property }) => type === "mutant" && name && sentence && property),
  );
  const broken = await quorate(["break", "vote-twice", "--cwd", root]);
  assertEquals(broken.code, 1);
  assertStringIncludes(broken.stdout, "\n+     true &&\n");
  const [, trace = ""] = broken.stdout.match(/replay: deno task replay '(.*)' --mutant vote-twice\n$/) ?? [];
  const replayed = await quorate(["replay", trace, "--mutant", "vote-twice"]);
  assertEquals(replayed.code, 1);
  assertStringIncludes(replayed.stdout, "violated  Election Safety");
  const { code, json } = await quorate(["break", "vote-twice", "--json"]);
  assertEquals([code, json().at(0)?.type, json().at(-1)?.verdict], [1, "mutant", "violated"]);
});

Deno.test("replay: a run that violates nothing exits 0; an impossible one 64, and says what was possible", async () => {
  const fine = await quorate(["replay", "a! a>b b>a"]);
  assertEquals(fine.code, 0);
  assertStringIncludes(fine.stdout, "ok  this run violates nothing");
  const impossible = await quorate(["replay", "a! b>c"]);
  assertEquals([impossible.code, impossible.stdout], [64, ""]);
  assertStringIncludes(impossible.stderr, "step 2, b>c, can't happen here; possible: ");
});

Deno.test("a spec by its path, relative to where the command was typed, with its parameters", async () => {
  await withFiles({ "counter.ts": counter }, async (folder) => {
    const { code, stdout } = await quorate(["check", "counter.ts"], folder);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "no counterexample in all 4 reachable states");
    const args = ["check", "./counter.ts", "--set", "most=9", "--cwd", folder];
    const violated = await quorate(args);
    assertEquals(violated.code, 1);
    assertMatch(violated.stdout, /replay: deno task replay 'Up Up Up Up Up' \.\/counter\.ts --set most=9\n$/);
    assertMatch(
      violated.stdout,
      /\nlook around: deno task explore \.\/counter\.ts, and http:\/\/localhost:3000\/#spec=\.%2Fcounter\.ts&set\.most=9&trace=Up%20Up%20Up%20Up%20Up\n/,
    );
    const repeated = await quorate(
      ["replay", "Up Up Up Up Up", "./counter.ts", "--set", "most=9", "--cwd", folder],
    );
    assertEquals(repeated.code, 1);
  });
});

const wrong: readonly (readonly [args: readonly string[], message: string])[] = [
  [[], "a command is missing: check, break, replay or explore"],
  [["chekc"], "there is no command chekc: there are check, break, replay and explore"],
  [["check", "--dept", "3"], "check has no flag --dept: there are --depth, "],
  [["check", "--dept", "3"], "did you mean --depth?"],
  [["check", "--depth", "0"], "--depth takes a depth: 1, 2, 3, ..."],
  [["check", "--depth", "-3"], "--depth takes a depth: 1, 2, 3, ..."],
  [["check", "--json", "-3"], "--json takes no value"],
  [["check", "--depth", "ten"], "--depth takes a depth"],
  [["check", "--depth"], "--depth takes a depth"],
  [["check", "--timeout", "soon"], "--timeout takes seconds, such as 60 or 0.5"],
  [["check", "--timeout", "0"], "--timeout takes seconds, more than 0 and less than 2,000,000"],
  [["check", "--json=yes"], "--json takes no value"],
  [["check", "--merge=a.jsonl"], "--merge takes no value"],
  [["check", "--merge"], "--merge needs the files that check --json wrote, one for each shard"],
  [["check", "--merge", "a.jsonl", "--walks", "3"], "--merge doesn't go with --walks"],
  [["check", "--max-memory", "0"], "--max-memory takes a number of megabytes: 1, 2, 3, ..."],
  [["check", "--walks", "0"], "--walks takes a number of random walks: 1, 2, 3, ..."],
  [["check", "--walks", "3", "--seed", "x"], "--seed takes a seed: 0, 1, 2, ..."],
  [["check", "--seed", "3"], "--seed needs --walks"],
  [["check", "--shard", "1/2"], "--shard needs --walks and --seed"],
  [["check", "--walks", "3", "--shard", "1/2"], "--shard needs --seed"],
  [
    ["check", "--walks", "3", "--seed", "1", "--shard", "0/2"],
    "--shard takes i/n, the i-th of n parts, such as 1/4",
  ],
  [["check", "--walks", "3", "--seed", "1", "--shard", "3/2"], "--shard takes i/n"],
  [["check", "--walks", "3", "--seed", "1", "--shard", "1"], "--shard takes i/n"],
  [["check", "--itf", "--json"], "--itf doesn't go with --json: each wants stdout for itself"],
  [["check", "--test", "--json"], "--test doesn't go with --json: each wants stdout for itself"],
  [["check", "--test", "--itf"], "--test doesn't go with --itf"],
  [["check", "--explain"], "--explain takes the name of a property"],
  [["check", "--explain", "Agreement", "--walks", "3"], "--explain doesn't go with --walks"],
  [
    ["check", "--statistics", "--workers", "2"],
    "--statistics doesn't go with --workers: each thread counts for itself",
  ],
  [["check", "--explain", "Agreement", "--workers", "2"], "--explain doesn't go with --workers"],
  [["check", "--statistics=3"], "--statistics takes no value"],
  [["check", "--explain", "Agreement", "--statistics"], "--explain doesn't go with --statistics"],
  [["replay", "a!", "--itf", "--json"], "--itf doesn't go with --json"],
  [["check", "--walks", "3", "--exact"], "--walks doesn't go with --exact: walks store no states"],
  [
    ["check", "--walks", "3", "--max-memory", "9"],
    "--walks doesn't go with --max-memory: walks store no states",
  ],
  [["replay", "a!", "--walks", "3"], "replay has no flag --walks"],
  [["break", "--json=false"], "--json takes no value"],
  [["check", "npm:cowsay"], "a path, or a URL of http or https, not npm:cowsay"],
  [["check", "jsr:@std/path"], "not jsr:@std/path"],
  [["check", "data:text/javascript,0"], "not data:text/javascript,0"],
  [["check", "--bounds", "network2"], "raft has no bounds network2: there are default, "],
  [["check", "--bounds", "network2"], "did you mean network?"],
  [["check", "--set", "server=3"], "raft has no parameter server: there are servers, "],
  [["check", "--set", "servers"], "--set takes key=value"],
  [["check", "--set", "servers=many"], 'servers of raft is a count: 0, 1, 2, ...; not "many"'],
  [["check", "--servers", "12"], "servers of raft is 12, expected 1 to 9"],
  [["check", "--set", "servers=0"], "servers of raft is 0, expected 1 to 9"],
  [["check", "--set", "entries=0"], "entries of raft is 0, expected at least 1"],
  [["check", "die_hard", "--crashes", "1"], "die_hard has no parameter crashes: it has none"],
  [["check", "die_herd"], "there is no spec die_herd: the catalog has raft, die_hard"],
  [["check", "die_herd"], "did you mean die_hard?"],
  [["check", "nowhere.ts"], "there is no file nowhere.ts"],
  [["check", "spec"], "spec is a folder: name a module whose default export is a spec"],
  [["check", "raft", "raft"], "check takes no more words, but there is raft"],
  [["break", "vote-twic"], "did you mean vote-twice?"],
  [["replay"], "replay needs a trace"],
  [["replay", "my_spec.ts"], "replay needs a trace before the spec, such as replay 'Up Up' my_spec.ts"],
  [["replay", "a!", "--mutant", "none"], "there is no mutant none: break without a name lists all "],
  [["replay", "Up", "die_hard", "--mutant", "vote-twice"], "--mutant goes with raft"],
];

Deno.test("wrong usage exits 64, says what is wrong and what there is, and writes nothing to stdout", async () => {
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await quorate(args);
    assertEquals([code, stdout], [64, ""], args.join(" "));
    assertStringIncludes(stderr, message);
    assert(!stderr.includes("    at "), stderr);
  }
});

Deno.test("a module that is no spec exits 64, and says why", async () => {
  const files = {
    "none.ts": "export const a = 1;",
    "three.ts": "export default 3;",
    "throws.ts": 'throw new Error("boom");',
    "broken.ts": "const = 3;",
  };
  await withFiles(files, async (folder) => {
    const expected = [
      ["none.ts", "none.ts has no default export: write export default spec(...)"],
      ["three.ts", "the default export of three.ts is no spec"],
      ["throws.ts", "throws.ts can't be loaded: Error: boom"],
      ["broken.ts", "broken.ts can't be loaded: "],
    ] as const;
    for (const [file, message] of expected) {
      const { code, stderr } = await quorate(["check", file], folder);
      assertEquals(code, 64);
      assertStringIncludes(stderr, message);
    }
  });
});

Deno.test("--help of every command", async () => {
  for (const args of [["--help"], ["check", "--help"], ["break", "--help"], ["replay", "--help"]]) {
    const { code, stdout } = await quorate(args);
    assertEquals(code, 0);
    assertMatch(stdout, /^usage: /);
  }
});

Deno.test("the help tells of all bounds of raft", async () => {
  const { stdout } = await quorate(["check", "--help"]);
  const words = new Set(stdout.match(/\w+/g));
  assertEquals(Object.keys(raft().bounds).filter((name) => !words.has(name)), []);
});

Deno.test("the help tells of every flag, and of none that there isn't", async () => {
  const flagsIn = (text: string) => [...text.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag!);
  async function flagsOf(command: string): Promise<readonly string[]> {
    const { stderr } = await quorate([command, "--no-such-flag"]);
    const [, list = ""] = stderr.match(/there are (.*)\n/) ?? [];
    return list.split(", ");
  }
  const ofCheck = flagsIn((await quorate(["check", "--help"])).stdout);
  assertEquals(ofCheck.toSorted(), (await flagsOf("check")).toSorted());
  // It says "flags of check" of the others.
  const ofReplay = flagsIn((await quorate(["replay", "--help"])).stdout);
  const known = await flagsOf("replay");
  assertEquals(ofReplay.filter((flag) => !known.includes(flag)), []);
  assertEquals(known.filter((flag) => !ofReplay.includes(flag) && !ofCheck.includes(flag)), []);
});

Deno.test("--timeout ends the check: exit 2, inconclusive, with what was covered", async () => {
  const { code, json } = await quorate(["check", "--depth", "30", "--timeout", "0.5", "--json"]);
  const end = json().at(-1);
  assertEquals([code, end?.verdict, end?.exit, end?.exhausted], [2, "inconclusive", 2, false]);
  assert(Number(end?.distinct) > 100);
});

Deno.test("Ctrl-C ends the check in the same way", async () => {
  const process = command(["check", "--depth", "30", "--json"], root).spawn();
  setTimeout(() => process.kill("SIGINT"), 1500);
  const { code, stdout } = await process.output();
  assertEquals(code, 2);
  assertStringIncludes(new TextDecoder().decode(stdout), '"verdict":"inconclusive","exit":2');
});

Deno.test("a reader that closes stdout early, as head does, causes no stack trace", async () => {
  const process = command(["check", "two_phase_commit", "--set", "managers=5", "--json"], root).spawn();
  await process.stdout.cancel();
  const [{ code }, stderr] = await Promise.all([process.status, process.stderr.text()]);
  assertEquals(code, 0);
  assert(!stderr.includes("rror"), stderr);
});

Deno.test("check: a claim about whole behaviours that is violated, exit 1, and what replays the run and its loop", async () => {
  const args = ["ewd840", "--set", "nodes=4", "--set", "claim=false_liveness"];
  const { code, stdout } = await quorate(["check", ...args]);
  assertEquals(code, 1);
  assertMatch(
    stdout,
    /^violated +infinitely-often +False Liveness .* 1 step, then 4 steps for ever, shortest$/m,
  );
  assertMatch(stdout, /^ {2}\.{3} {3}back to where it was after step 1, and so on for ever$/m);
  const [, trace = "", loop = ""] = stdout.match(/^replay: .* replay '(.*)' ewd840 .* --loop (\d)$/m) ?? [];
  const replayed = await quorate(["replay", trace, ...args]);
  assertEquals(replayed.code, 0);
  assertMatch(replayed.stdout, /^ {2}5 {3}Deactivate\(2\) /m);
  assertStringIncludes(replayed.stdout, "of what must happen some day a run that ends tells nothing");
  const endless = await quorate(["replay", trace, ...args, "--loop", loop]);
  assertEquals(endless.code, 1);
  assertMatch(endless.stdout, /^ {2}\.{3} {3}back to where it was after step 1, and so on for ever$/m);
  assertStringIncludes(endless.stdout, "violated  False Liveness   it never comes to that after step 1");
  const json = (await quorate(["replay", trace, ...args, "--loop", loop, "--json"])).json();
  const found = json.find(({ result }) => result === "violated");
  assertEquals([found?.trace, found?.loop], [
    trace.split(" ").slice(0, 3).join(" "),
    trace.split(" ").slice(3).join(" "),
  ]);
  const itf = JSON.parse((await quorate(["replay", trace, ...args, "--loop", loop, "--itf"])).stdout);
  assertEquals([itf.loop, itf.states.length], [1, 5]);
});

Deno.test("of many layers few are told of: the first, those by which much is new, and the last", async () => {
  const text = `
import { spec } from "@quorate/raft/spec";
export default spec("counter", () => ({
  init: { n: 1 },
  actions: { Up: (s) => s.n < 5000 && void s.n++ },
  ends: ({ n }) => n === 5000,
  properties: [],
}));
`;
  await withFiles({ "counter.ts": text }, async (folder) => {
    const args = ["check", "counter.ts", "--cwd", folder];
    const { stderr } = await quorate(args);
    const depths = stderr.split("\n").slice(1, -1).map((line) => Number(line.trim().split(/ +/)[0]));
    assertEquals(depths.slice(0, 23), [...Array.from({ length: 19 }, (_, i) => i + 2), 22, 25, 28, 31]);
    assertEquals([depths.at(-1), depths.length < 100], [5000, true]);
    const told = (await quorate([...args, "--json"])).json().filter(({ type }) => type === "progress");
    assertEquals(told.map(({ depth }) => depth), depths);
  });
});

Deno.test("check: what a bounded search can't know is unknown, exit 2", async () => {
  const { code, json } = await quorate(["check", "ewd840", "--depth", "4", "--json"]);
  assertEquals(code, 2);
  const { result, reason, trace, loop } = json().find(({ kind }) => kind === "leads-to") ?? {};
  assertEquals([result, reason, trace, loop], ["unknown", "the search ended at depth 4", null, null]);
  assertEquals(json().at(-1)?.verdict, "inconclusive");
});

Deno.test("break judges a mutant by what it is to die by, replay by all: what its run breaks besides is told, too", async () => {
  const broken = (await quorate(["break", "half-quorum", "--json"])).json();
  const judged = broken.filter(({ type }) => type === "property");
  assertEquals(judged.length, 1);
  const trace = String(judged[0]!.trace);
  const replayed = (await quorate(["replay", trace, "--mutant", "half-quorum", "--json"])).json();
  const names = replayed[0]!.properties as readonly string[];
  assert(names.length > 10 && names.includes(String(judged[0]!.name)), names.join());
});
