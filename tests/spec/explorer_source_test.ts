/** Which lines of the core handled a step. */
import { assert, assertEquals } from "@std/assert";
import { step } from "../../mod.ts";
import { catalog } from "../../spec/catalog/mod.ts";
import { coreFiles } from "../../spec/explorer/build.ts";
import { patchBetween, patched } from "../../spec/explorer/core_files.ts";
import { instrumented } from "../../spec/explorer/instrument.ts";
import { openSession } from "../../spec/explorer/session.ts";
import { type Passage, sourceTracer } from "../../spec/explorer/source.ts";
import { openSubject } from "../../spec/explorer/subject.ts";
import { importCore } from "../../spec/raft/import_core.ts";
import { loadMutant, mutated } from "../../spec/raft/load_mutant.ts";
import { mutants } from "../../spec/raft/mutants.ts";

const files = await coreFiles();
const trace = sourceTracer(() => Promise.resolve(files));

/** The functions that handled the last step of a run, but for what is in every step. */
async function handling(run: string, mutant: string | null = null): Promise<readonly Passage[]> {
  const subject = { spec: "raft", bounds: null, parameters: {}, mutant };
  const opened = await openSubject(subject, { specs: catalog, loadCore: loadMutant });
  const { moments } = openSession(opened, run);
  const { parent, step } = moments.at(-1)!;
  const passages = await trace(opened, moments[parent!]!.state, step!);
  return passages.filter(({ part }) => part === "handler");
}

const steps: readonly (readonly [run: string, handler: string, section: string | null])[] = [
  ["a!", "onElectionTimeout", "§5.2"],
  ["a! a>b", "onRequestVote", "§5.4.1"],
  ["a! a>b b>a", "onRequestVoteResponse", "§5.2"],
  ["a! a>b b>a a>b", "onAppendEntries", "§5.3"],
  ["a! a>b b>a a>b b>a", "onAppendEntriesResponse", "§5.3"],
  ["a! a>b b>a a=x", "onProposals", "§5.3"],
  ["a! a>b_ b*", "onPersisted", null],
];

for (const [run, handler, section] of steps) {
  Deno.test(`the last step of ${run} is handled by ${handler}, of ${section ?? "no section"}`, async () => {
    const passages = await handling(run);
    const passage = passages.find(({ name }) => name === handler);
    assert(passage !== undefined, passages.map(({ name }) => name).join());
    if (section !== null) assert(passages.some(({ sections }) => sections.includes(section)));
    // Its lines are those of the file, with their numbers.
    const text = await Deno.readTextFile(new URL(`../../${passage.file}`, import.meta.url));
    const lines = text.split("\n");
    for (const line of passage.lines) assertEquals(lines[line.number - 1], line.text);
    assert(passage.lines.some(({ mark }) => mark === "ran"));
  });
}

Deno.test("a line that was run is told from an if that was not so, and from what was not run", async () => {
  const markOf = async (run: string, text: string) => {
    const lines = (await handling(run)).flatMap((passage) => passage.lines);
    return lines.find((line) => line.text.includes(text))?.mark;
  };
  const refusal = "if (!voteGranted) return";
  assertEquals(await markOf("a! a>b", refusal), "asked");
  assertEquals(await markOf("a! b! a>b", refusal), "ran");
  assertEquals(await markOf("a! a>b", "state: { ...state, votedFor: request.from }"), "ran");
  assertEquals(await markOf("a! b! a>b", "state: { ...state, votedFor: request.from }"), "idle");
});

Deno.test("the wrong line of a mutant stands in its place, and is marked", async () => {
  const wrong = (await handling("a! b! a>b", "vote-twice")).flatMap(({ lines }) => lines)
    .filter(({ isWrong }) => isWrong);
  assertEquals(wrong.map(({ text, mark }) => [text.trim(), mark]), [["true &&", "ran"]]);
});

Deno.test("a message that is lost is handled by nobody", async () => {
  assertEquals(await handling("a! a~b"), []);
});

Deno.test("every mutant of the page is the core with just its line changed, and loads", async () => {
  const { sources, scripts, mutants: patches } = files;
  for (const mutant of mutants) {
    const patch = patches[mutant.name]!;
    assertEquals(`src/core/${patch.file}`, mutant.file);
    const script = patched(scripts[patch.file]!, patch);
    const source = mutated(sources, mutant)[patch.file]!;
    assertEquals(script.split("\n").length, source.split("\n").length, mutant.name);
    assert(script !== scripts[patch.file], mutant.name);
    const core = await importCore({ ...scripts, [patch.file]: script }, "text/javascript");
    assert(core.step !== step, mutant.name);
  }
});

Deno.test("a patch turns one text into another", () => {
  const pairs = [["a\nb\nc", "a\nx\ny\nc"], ["a\nb", "a"], ["a", "a\nb"], ["a\na", "a\na\na"], [
    "",
    "x",
  ]] as const;
  for (const [before, after] of pairs) {
    assertEquals(patched(before, patchBetween("f", before, after)), after);
  }
});

Deno.test("only lines on which a statement begins tell that they are run", () => {
  const script = [
    "/** const in a comment",
    " */",
    "export function f(a) {",
    "  const text = `return`;",
    "  const list = [",
    "    a,",
    "  ];",
    '  if (a === ")(") return text;',
    "  return a",
    "    ? list",
    "    : text;",
    "}",
  ].join("\n");
  const told = instrumented("f.ts", script).split("\n").map((line) => line.split("hit(").length - 1);
  // The first line imports what is told.
  assertEquals(told, [0, 0, 0, 1, 1, 0, 0, 2, 1, 0, 0, 0]);
});
