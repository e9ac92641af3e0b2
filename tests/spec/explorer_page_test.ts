/** What the explorer's page is made of, without a page. */
import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../src/core/mod.ts";
import { branchCounts, leavesOf } from "../../spec/explorer/page/branches.ts";
import { choiceOfKey, choicesOf } from "../../spec/explorer/page/choices.ts";
import { replayCommand } from "../../spec/explorer/page/commands.ts";
import { type Finding, findingsFor } from "../../spec/explorer/page/finding.ts";
import { commandOf, keyHelp } from "../../spec/explorer/page/keyboard.ts";
import { messageSign, messageText } from "../../spec/explorer/page/message_text.ts";
import { colourOfTerm, contrast, dark, light, pairs, termColours } from "../../spec/explorer/page/palette.ts";
import { clusterPicture } from "../../spec/explorer/page/raft_cluster.ts";
import type { ServerPicture } from "../../spec/explorer/page/server_picture.ts";
import {
  bowOf,
  narrowStage,
  pointOn,
  progressOf,
  ringOf,
  wideStage,
} from "../../spec/explorer/page/stage.ts";
import { stopOf } from "../../spec/explorer/page/tour_place.ts";
import { partsOf } from "../../spec/explorer/page/value_parts.ts";
import { violationsOn } from "../../spec/explorer/page/violations.ts";
import { addressIn, openAddress, problemOf } from "../../spec/explorer/page/opening.ts";
import { homeOf, startOfTour } from "../../spec/explorer/hash.ts";
import { fork, go, play, selected, type Session } from "../../spec/explorer/session.ts";
import { snapshot } from "../../spec/explorer/snapshot.ts";
import { tours } from "../../spec/explorer/tours/mod.ts";
import { always, spec, SpecError } from "../../spec/mod.ts";
import { drawn, visit } from "./explorer_support.ts";

function choices(session: Session) {
  const { traffic } = drawn(session);
  return choicesOf(session.opened.model, snapshot(session), traffic[session.position]!);
}

async function servers(trace: string, address = {}): Promise<readonly ServerPicture[]> {
  const session = await visit(trace, address);
  return clusterPicture(session.opened.model, selected(session).state).servers;
}

Deno.test("text can be read on whatever it stands, in both themes: a contrast of 4.5 or more", () => {
  for (const palette of [light, dark]) {
    for (const [ink, ground] of pairs) {
      const ratio = contrast(palette[ink]!, palette[ground]!);
      assert(ratio >= 4.5, `${ink} on ${ground}: ${ratio.toFixed(2)}`);
    }
  }
});

Deno.test("lines and shapes stand out from the page in both themes: a contrast of 3 or more", () => {
  const lines = Array.from({ length: termColours + 1 }, (_, term) => `term-${term}-line`);
  for (const palette of [light, dark]) {
    for (const name of [...lines, "follower", "candidate", "leader", "vote", "append", "other", "edge"]) {
      assert(contrast(palette[name]!, palette.surface!) >= 3, name);
    }
  }
  assertEquals(contrast("#000000", "#ffffff"), 21);
  assertEquals(Object.keys(dark), Object.keys(light));
});

Deno.test("terms have colours in turn, and term 0 its own", () => {
  assertEquals([0, 1, 8, 9, 17].map(colourOfTerm), [0, 1, 8, 1, 1]);
});

Deno.test("what can happen is one choice a message: lost, duplicated and held back are variants of it", async () => {
  const groups = choices(await visit("a!"));
  assertEquals(groups.map(({ where }) => where), ["a", "b", "c"]);
  const [request] = groups[1]!.choices;
  assertEquals([request?.enabled.step.label, request?.title, request?.from], ["a>b", "RequestVote", "a"]);
  assertEquals(request?.detail, "term 1 · lastLogIndex 0 · lastLogTerm 0");
  assertEquals(request?.variants.map(({ kind, enabled }) => [kind, enabled.step.label]), [
    ["held", "a>b_"],
    ["drop", "a~b"],
    ["duplicate", "a+b"],
  ]);
});

Deno.test("of messages those that are longer on their way come first, and what an administrator asks for is apart", async () => {
  const groups = choices(await visit("a! a>b b>a a=x a!heartbeat"));
  const toB = groups.find(({ where }) => where === "b")!.choices.filter(({ message }) => message !== null);
  assert(toB[0]!.detail.includes("entries [1-]") && toB[1]!.detail.includes("entries [1x]"));
  const requests = groups.find(({ where }) => where === "a")!.requests;
  assert(requests.length > 0 && requests.every(({ glyph }) => glyph === "transfer" || glyph === "change"));
});

Deno.test("each choice has a key as long as there are keys, and the key finds it", async () => {
  const groups = choices(await visit("a! b!"));
  const keys = groups.flatMap(({ choices }) => choices.map(({ key }) => key));
  assertEquals(new Set(keys).size, keys.length);
  assertEquals(keys.slice(0, 3), ["1", "2", "3"]);
  assertEquals(choiceOfKey(groups, "1"), groups[0]!.choices[0]!);
  assertEquals(choiceOfKey(groups, "z"), null);
});

Deno.test("a plain spec's actions are choices, with what they choose", async () => {
  const groups = choices(await visit("", { spec: "die_hard" }));
  assertEquals(groups.map(({ where }) => where).slice(0, 2), ["FillBig", "FillSmall"]);
  assert(
    groups.every(({ choices }) =>
      choices.every(({ message, glyph }) => message === null && glyph === "action")
    ),
  );
});

const writing = { isModified: false, isWriting: true, hasArrows: false };
const reading = { isModified: false, isWriting: false, hasArrows: false };

Deno.test("keys: each does what the help says, but not while somebody writes", () => {
  const table: readonly (readonly [key: string, type: string | null])[] = [
    ["j", "move"],
    ["k", "move"],
    ["ArrowDown", "move"],
    ["ArrowUp", "move"],
    ["Home", "first"],
    ["End", "last"],
    ["f", "fork"],
    ["p", "play"],
    ["u", "undo"],
    ["r", "redo"],
    ["d", "theme"],
    ["/", "dialog"],
    ["?", "dialog"],
    ["t", "dialog"],
    ["m", "dialog"],
    ["o", "dialog"],
    ["s", "dialog"],
    ["b", "dialog"],
    ["1", "choose"],
    ["0", "choose"],
    ["A", "choose"],
    ["x", null],
    ["Enter", null],
    ["Tab", null],
  ];
  for (const [key, type] of table) {
    assertEquals(commandOf({ key, ...reading })?.type ?? null, type, key);
    assertEquals(commandOf({ key, ...writing }), null, key);
    assertEquals(commandOf({ key, ...reading, isModified: true }), null, key);
  }
  assertEquals(commandOf({ key: "ArrowDown", ...reading, hasArrows: true }), null);
  const helped = keyHelp.map(([keys]) => keys).join(" ");
  for (const [key, type] of table) {
    if (type !== null && !/Arrow|^[A0]$/.test(key)) assert(helped.includes(key), `the help lacks ${key}`);
  }
});

Deno.test("a message says what is in it, but not what goes without saying", () => {
  const base = { from: "a", to: "b", term: 2 };
  const message: Message = {
    ...base,
    type: "AppendEntries",
    prevLogIndex: 1,
    prevLogTerm: 1,
    entries: [{ type: "noop", term: 2 }],
    leaderCommit: 1,
    round: 0,
  };
  assertEquals(
    messageText(message),
    "term 2 · prevLogIndex 1 · prevLogTerm 1 · entries [2-] · leaderCommit 1",
  );
  assertEquals(messageSign(message), "2-");
  assertEquals(messageSign({ ...message, entries: [] }), "♥");
  const confirming: Message = { ...message, round: 3 };
  assert(messageText(confirming).endsWith("round 3"));
  assertEquals(messageSign({ ...base, type: "RequestVoteResponse", voteGranted: true }), "✓");
  assertEquals(messageSign({ ...base, type: "RequestVoteResponse", voteGranted: false }), "✗");
});

Deno.test("a server's log tells memory from disk: what is held back is in memory only", async () => {
  const [a] = await servers("a! a>b b>a a=x_");
  assertEquals(a?.slots.map(({ memory, disk }) => [memory?.content, disk?.content ?? null]), [["–", "–"], [
    "x",
    null,
  ]]);
  assertEquals(a?.heldWrites, ["term 1, votedFor a, from 2: 1x"]);
  const [later] = await servers("a! a>b b>a a=x_ a*");
  assertEquals(later?.slots[1]?.disk?.content, "x");
  assertEquals(later?.heldWrites, []);
});

Deno.test("a vote that is in memory only differs from what the disk holds", async () => {
  const [, b] = await servers("a! a>b_");
  assertEquals([b?.term, b?.votedFor, b?.disk], [1, "a", { term: 0, votedFor: null }]);
});

Deno.test("a leader's peers, what is committed, and a joint configuration are seen", async () => {
  const [a, , , d] = await servers("@joint", { bounds: "membership" });
  assertEquals(a?.peers.map(({ id }) => id), ["b", "c", "d"]);
  assertEquals([a?.isJoint, a?.areMembersCommitted, a?.members], [true, false, "a,b,d&a,b,c"]);
  assertEquals(a?.slots.map(({ isCommitted }) => isCommitted), [true, false]);
  assertEquals(d?.membership, "none");
});

Deno.test("what was compacted away is known by its snapshot", async () => {
  const [a] = await servers("@leader a/", { bounds: "snapshots" });
  assertEquals([a?.compactedIndex, a?.snapshotIndex, a?.slots], [1, 1, []]);
});

Deno.test("servers stand on the stage, whatever their number, and messages of both directions apart", () => {
  for (const size of [wideStage, narrowStage]) {
    for (let count = 1; count <= 9; count++) {
      for (const { x, y } of ringOf(count, size)) {
        const isInside = x >= 58 && x <= size.width - 58 && y >= 48 && y <= size.height - 56;
        assert(isInside, `${count} servers: ${x} ${y}`);
      }
    }
    const [a, b] = ringOf(3, size) as [{ x: number; y: number }, { x: number; y: number }];
    const [there, back] = [pointOn(bowOf(a, b), 0.5), pointOn(bowOf(b, a), 0.5)];
    assert(Math.hypot(there.x - back.x, there.y - back.y) > 24);
  }
  assertEquals(progressOf(1), [0.5]);
  assert(progressOf(4).every((part, i, all) => i === 0 || part < all[i - 1]!));
});

Deno.test("branches: each end once, with what leads to it from the run that is shown", async () => {
  let session = await visit("a! a>b b>a");
  session = play(go(session, 1), "a>c");
  session = play(fork(go(session, 1)), "a~b");
  assertEquals(leavesOf(session).map(({ forkedAt, length, labels }) => [forkedAt, length, labels]), [
    [1, 3, "a>b b>a"],
    [1, 2, "a>c"],
    [2, 2, ""],
  ]);
  assertEquals(branchCounts(session.moments).get(session.path[1]!), 3);
});

Deno.test("violations of a path are found wherever one stands on it, each property once", async () => {
  const trace = "a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse";
  const session = go(await visit(trace, { mutant: "vote-twice" }), 0);
  const violations = violationsOn(session);
  const stepOf = (wanted: string) => violations.filter(({ name }) => name === wanted).map(({ step }) => step);
  assertEquals([stepOf("Election Safety"), stepOf("One Vote A Term")], [[6], [3]]);
  assertEquals(violationsOn(await visit("a! a>b b>a")), []);
});

Deno.test("the terminal's command names the spec, the mutant, and the budgets that the run takes", async () => {
  assertEquals(replayCommand(await visit("a! a>b")), "deno task replay 'a! a>b'");
  assertEquals(replayCommand(await visit("a! a! a!")), "deno task replay 'a! a! a!' --set timeouts=3");
  assertEquals(
    replayCommand(await visit("a!", { mutant: "vote-twice", parameters: { timeouts: 4 } })),
    "deno task replay 'a!' --mutant vote-twice --set timeouts=4",
  );
  assertEquals(
    replayCommand(await visit("FillBig", { spec: "die_hard" })),
    "deno task replay 'FillBig' die_hard",
  );
  assertEquals(
    replayCommand(await visit("FillBig EmptyBig", { spec: "die_hard", loop: 2 })),
    "deno task replay 'FillBig EmptyBig' die_hard --loop 2",
  );
});

Deno.test("a spec one of whose values changes its shape in play is opened all the same", async () => {
  const growing = spec<{ list: number[] }>("growing", () => ({
    init: { list: [] },
    actions: { Push: (s) => void s.list.push(s.list.length) },
    properties: [always("short", "the list stays short", ({ list }) => list.length < 3 || "it has three")],
  }));
  const setup = { specs: { growing }, first: "growing" };
  const session = await openAddress({ ...homeOf("growing"), trace: "Push Push Push" }, null, setup, false);
  assertEquals(snapshot(session).truths[0]?.witness, "it has three");
  const address = addressIn(go(session, 1), null);
  assertEquals([address.trace, address.position], ["Push Push Push", 1]);
  const again = await openAddress({ ...address, trace: "Push Push Push Push" }, session, setup, false);
  assertEquals(again.opened, session.opened);
});

Deno.test("what is wrong with an address is told by what it is", () => {
  const address = homeOf("raft");
  const wrong = problemOf(new SpecError("step 2, b>c, can't happen here; possible: a!"), address);
  assertEquals([wrong.title, wrong.playable], [
    "This run can't be played: perhaps it is of another version",
    address,
  ]);
  assertEquals(problemOf(new SpecError("there is no spec x"), address).playable, null);
  assertEquals(problemOf(new TypeError("oh"), address), {
    title: "Something went wrong",
    message: "oh",
    playable: null,
  });
});

Deno.test("values are taken apart to what can be read, each beside what it was", () => {
  const before = {
    a: { ballot: -1, votes: new Set(["x", "z"]) },
    list: [1, 2],
    deep: { a: { b: { c: [1] } } },
  };
  const after = {
    a: { ballot: 2, votes: new Set(["x", "y"]) },
    list: [1, 3, 4],
    deep: { a: { b: { c: [1] } } },
  };
  assertEquals(partsOf("s", after, before).map(({ name, now, old }) => [name, now, old]), [
    ["s.a.ballot", "2", "-1"],
    ["s.a.votes", "{x, y}", "{x, z}"],
    ["s.list[0]", "1", "1"],
    ["s.list[1]", "3", "2"],
    ["s.list[2]", "4", null],
    ["s.deep.a.b", "(c: [1])", "(c: [1])"],
  ]);
  assertEquals(partsOf("s", after, before)[1]?.elements, [
    { text: "x", mark: "same" },
    { text: "y", mark: "new" },
    { text: "z", mark: "gone" },
  ]);
  assertEquals(partsOf("n", 3, undefined), [{ name: "n", now: "3", old: null, elements: null }]);
  assertEquals(partsOf("empty", [], []).map(({ now }) => now), ["[]"]);
  assertEquals(partsOf("long", Array(20).fill(0), undefined).length, 1);
});

Deno.test("a tour is left by another step, and found again on the way back", async () => {
  const tour = tours.find(({ name }) => name === "election")!;
  const { trace, parameters, mutant } = startOfTour(tour);
  const session = go(await visit(trace, { parameters, mutant }), 0);
  assertEquals(stopOf(tour, session), 0);
  assertEquals(stopOf(tour, go(session, 2)), 2);
  const elsewhere = play(session, "c!");
  assertEquals(stopOf(tour, elsewhere), null);
  assertEquals(stopOf(tour, go(elsewhere, 0)), 0);
  assertEquals(stopOf(tour, await visit("", { spec: "die_hard" })), null);
});

Deno.test("finding: all words must be there, and names that begin with the first come first", () => {
  const act = () => {};
  const all: readonly Finding[] = [
    { kind: "property", title: "Leader Completeness", detail: "a log entry", act },
    { kind: "next", title: "a>b", detail: "RequestVote", act },
    { kind: "property", title: "Log Matching", detail: "if two logs", act },
  ];
  const titles = (query: string) => findingsFor(all, query).map(({ title }) => title);
  assertEquals(titles("log"), ["Log Matching", "Leader Completeness"]);
  assertEquals(titles("request next"), ["a>b"]);
  assertEquals(titles("nothing"), []);
  assertEquals(titles("").length, 3);
});
