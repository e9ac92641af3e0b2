/** What a person does in the explorer: steps, branches, and what is said of a moment. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import {
  branchesOf,
  follow,
  fork,
  go,
  openSession,
  play,
  select,
  selected,
  type Session,
  shownTrace,
  traceHere,
} from "../../spec/explorer/session.ts";
import { type Snapshot, snapshot } from "../../spec/explorer/snapshot.ts";
import { openSubject, type Subject } from "../../spec/explorer/subject.ts";
import { always, eventually, spec, SpecError, type Specification } from "../../spec/mod.ts";
import { loadMutant } from "../../spec/raft/load_mutant.ts";

const atHome: Subject = { spec: "raft", bounds: null, parameters: {}, mutant: null };

async function visit(
  trace = "",
  subject: Partial<Subject> = {},
  specs: Readonly<Record<string, Specification>> = catalog,
): Promise<Session> {
  const opened = await openSubject({ ...atHome, ...subject }, { specs, loadCore: loadMutant });
  return openSession(opened, trace);
}

function enabledIn(shown: Snapshot, where: string): readonly string[] {
  const group = shown.enabled.find((candidate) => candidate.where === where);
  return group?.enabled.map(({ step }) => step.label) ?? [];
}

function truthOf(session: Session, name: string) {
  const truth = snapshot(session).truths.find(({ property }) => property.name === name);
  assert(truth !== undefined, `there is no ${name}`);
  return truth;
}

const twice = "a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse";

Deno.test("a step is taken, and said: what changed, and what can happen next", async () => {
  const session = play(await visit(), "a!");
  const shown = snapshot(session);
  assertEquals([shown.position, shown.step?.label, shownTrace(session)], [1, "a!", "a!"]);
  assertEquals(shown.changes, [
    { where: "a", what: "role", before: "F0", after: "C1" },
    { where: "a", what: "votedFor", before: "-", after: "a" },
    { where: "a", what: "votesGranted", before: null, after: "a" },
  ]);
  assertEquals(enabledIn(shown, "b").includes("a>b"), true);
});

Deno.test("in a plain spec each part of a variable that changes is said", async () => {
  const session = await visit('Prepare("r1") HearPrepared("r1")', { spec: "two_phase_commit" });
  const { changes, enabled } = snapshot(session);
  assertEquals(changes, [{ where: "prepared", what: ".r1", before: "false", after: "true" }]);
  assert(enabled.every(({ where }) => /^[A-Za-z]+$/.test(where)));
});

Deno.test("who plays may do more than the bounds of a search allow, and is told what is beyond them", async () => {
  const session = await visit("a! b! c! a! a~b:RequestVote.1");
  const enabled = snapshot(session).enabled.flatMap((group) => group.enabled);
  const beyond = (label: string) => enabled.find(({ step }) => step.label === label)?.beyond ?? null;
  assertEquals(beyond("a!"), { budget: "timeouts", allows: 2 });
  assertEquals(beyond("a>c:RequestVote.1"), null);
});

Deno.test("a step that is played again on the same branch is the same moment", async () => {
  const session = await visit("a! a>b b>a");
  const again = play(play(go(session, 0), "a!"), "a>b");
  assertEquals([again.moments.length, again.position, shownTrace(again)], [4, 2, "a! a>b b>a"]);
});

Deno.test("another step from the middle is a branch; the other one is kept, and found again", async () => {
  const session = await visit("a! a>b b>a");
  const branched = play(go(session, 1), "a>c");
  assertEquals([shownTrace(branched), traceHere(branched)], ["a! a>c", "a! a>c"]);
  assertEquals(branchesOf(branched, 1).length, 2);
  const back = select(branched, 3);
  assertEquals([shownTrace(back), back.position], ["a! a>b b>a", 3]);
  assertEquals(shownTrace(select(back, 1)), "a! a>b b>a");
});

Deno.test("a fork ends the path, and keeps what came after it", async () => {
  const session = fork(go(await visit("a! a>b b>a"), 1));
  assertEquals([shownTrace(session), session.moments.length], ["a!", 4]);
  assertEquals(play(session, "a>b").moments.length, 4);
});

Deno.test("another trace of the same visit becomes a branch", async () => {
  const session = follow(await visit("a! a>b"), "a! a>c c>a", { position: 1 });
  assertEquals([session.moments.length, session.position, traceHere(session)], [5, 1, "a!"]);
  assertEquals(follow(session, "@leader").moments.length, 1);
});

Deno.test("a position beyond the end is the end, and one before the start is the start", async () => {
  const session = await visit("a! a>b");
  assertEquals([go(session, 99).position, go(session, -1).position], [2, 0]);
});

Deno.test("a trace that can't be played says which step, and shows as far as it goes if it is asked to", async () => {
  const session = await visit();
  const error = assertThrows(() => follow(session, "a! b>a a>b"), SpecError);
  assert(error.message.startsWith("step 2, b>a, can't happen here"));
  assertEquals(shownTrace(follow(session, "a! b>a a>b", { asFarAsPossible: true })), "a!");
});

Deno.test("a loop leads back to where it begins, and ends when something else is played", async () => {
  const { opened } = await visit("", { spec: "die_hard" });
  const trace = "FillBig EmptyBig FillBig";
  assertEquals(openSession(opened, trace, { loop: 2 }).loop, 2);
  assertEquals(openSession(opened, trace, { loop: 0 }).loop, 0);
  assertEquals(play(openSession(opened, trace, { loop: 2 }), "FillSmall").loop, null);
  for (const loop of [1, 3, 4]) {
    assertThrows(() => openSession(opened, trace, { loop }), SpecError, "can't happen again and again");
    assertEquals(openSession(opened, trace, { loop, asFarAsPossible: true }).loop, null);
  }
});

Deno.test("a property that is broken says where first on this path, and who is at fault", async () => {
  const session = await visit(twice, { mutant: "vote-twice" });
  const { here, witness, first, sentence, source } = truthOf(session, "Election Safety");
  assertEquals([here, witness], ["broken", "a and b were both elected in term 1"]);
  assertEquals([first?.position, sentence, source], [
    6,
    "at most one leader can be elected in a given term",
    "§5.2, Figure 3",
  ]);
  assertEquals(truthOf(go(session, 5), "Election Safety").here, "holds");
  assertEquals(truthOf(session, "One Vote A Term").first?.position, 3);
  assertEquals(truthOf(session, "a leader is elected").first?.position, 5);
});

Deno.test("the same run of the core that production runs breaks nothing", async () => {
  const { truths } = snapshot(await visit(twice));
  assertEquals(truths.filter(({ here }) => here === "broken"), []);
});

Deno.test("a deadlock is said", async () => {
  const stuck = spec<{ n: number }>("stuck", () => ({
    init: { n: 0 },
    actions: { Up: (s) => s.n < 1 && void s.n++ },
    properties: [eventually("it moves", "n > 0 some day", ({ n }) => n > 0)],
  }));
  const session = await visit("Up", { spec: "stuck" }, { stuck });
  assertEquals(truthOf(session, "No Deadlock").here, "broken");
  assertEquals(truthOf(session, "it moves").here, "is");
  assertEquals(truthOf(go(session, 0), "it moves").here, "isNot");
});

Deno.test("what leads to a state of the tree, on whatever branch, is known as seen", async () => {
  const session = await visit("Up Down", { spec: "stairs" }, {
    stairs: spec<{ n: number }>("stairs", () => ({
      init: { n: 0 },
      actions: { Up: (s) => void s.n++, Down: (s) => s.n > 0 && void s.n--, Rest: () => {} },
      properties: [],
    })),
  });
  const enabled = snapshot(session).enabled.flatMap((group) => group.enabled);
  assertEquals(enabled.map(({ step, seen, isIdle }) => [step.label, seen, isIdle]), [
    ["Up", 1, false],
    ["Rest", 0, true],
  ]);
});

Deno.test("what was spent on the way to a state doesn't make it another one", async () => {
  // What is duplicated and then dropped is as before.
  const { enabled } = snapshot(await visit("a! a+b"));
  const drop = enabled.flatMap((group) => group.enabled).find(({ step }) => step.label === "a~b");
  assertEquals(drop?.seen, 1);
});

Deno.test("a value that doesn't keep its shape builds the spec anew, and the visit goes on", async () => {
  const shifty = spec<{ n: number; value: unknown }>("shifty", () => ({
    init: { n: 0, value: { a: 1 } },
    actions: {
      // Later than the checker's rehearsal goes.
      Up: (s) => {
        s.n++;
        if (s.n > 150) s.value = [s.n];
      },
    },
    properties: [always("small", "n is small", ({ n }) => n < 1000 || "n is large")],
  }));
  const session = await visit(Array(160).fill("Up").join(" "), { spec: "shifty" }, { shifty });
  assertEquals(session.opened.model.describe(selected(session).state), {
    n: { value: "160" },
    value: { value: "[160]" },
  });
  assertEquals(session.moments.length, 161);
});

Deno.test("a spec draws its states as an image; where it goes wrong, that is said", async () => {
  const drawing = (picture: (state: { readonly n: number }) => string) => ({
    drawn: spec<{ n: number }>("drawn", () => ({ init: { n: 0 }, actions: {}, picture, properties: [] })),
  });
  const shown = async (picture: (state: { readonly n: number }) => string) =>
    snapshot(await visit("", { spec: "drawn" }, drawing(picture))).picture;
  assertEquals(await shown(({ n }) => `<svg>${n}</svg>`), {
    type: "image",
    url: "data:image/svg+xml,%3Csvg%3E0%3C%2Fsvg%3E",
  });
  assertEquals((await shown(() => "<script>1</script>"))?.type, "problem");
  assertEquals(
    (await shown(() => {
      throw new Error("no ink");
    }))?.type,
    "problem",
  );
  assertEquals(snapshot(await visit()).picture, null);
});

Deno.test("unknown specs, mutants, bounds and parameters are refused, with what there is", async () => {
  const refusals: readonly (readonly [Partial<Subject>, string])[] = [
    [{ spec: "rafft" }, "there is no spec rafft: there are raft, die_hard"],
    [{ mutant: "vote-thrice" }, "there is no mutant vote-thrice: there are vote-twice"],
    [{ spec: "die_hard", mutant: "vote-twice" }, "mutant vote-twice goes with raft, not with die_hard"],
    [{ bounds: "huge" }, "raft has no bounds huge: there are default"],
    [{ parameters: { serfers: 3 } }, "raft has no parameter serfers: there are servers"],
  ];
  for (const [subject, message] of refusals) {
    const error = await visit("", subject).then(() => null, (error) => error);
    assert(error instanceof SpecError && error.message.startsWith(message), String(error));
  }
});
