/** The sequence diagram of the explorer: its rows, where they are, and what leaves the page. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { diagramOf, wordsOf } from "../../spec/explorer/page/diagram.ts";
import {
  frameOf,
  middleOf,
  shapesOfEnd,
  shapesOfLoop,
  shapesOfRow,
} from "../../spec/explorer/page/drawing.ts";
import { mermaid } from "../../spec/explorer/page/mermaid.ts";
import { pictureOf } from "../../spec/explorer/page/picture.ts";
import { fitted, wrapped } from "../../spec/explorer/page/shapes.ts";
import { violationsOn } from "../../spec/explorer/page/violations.ts";
import { fork, go, play, selected, type Session, shownRun } from "../../spec/explorer/session.ts";
import { drawn, visit } from "./explorer_support.ts";
import { between, chance, randomFrom } from "../random.ts";

const none = { violations: [], loop: null };

Deno.test("an arrow leads from the step that sent a message to the one that delivered it, so that messages cross", async () => {
  const { rows } = drawn(await visit("a! b! a>c b>a:RequestVote c>a"));
  assertEquals(rows.map(({ arrow }) => arrow && [arrow.from, arrow.to, arrow.sentAt, arrow.end]), [
    null,
    null,
    null,
    ["a", "c", 1, ">"],
    ["b", "a", 2, ">"],
    ["c", "a", 3, ">"],
  ]);
});

Deno.test("of two equal messages in flight the one that was sent first arrives first", async () => {
  const { rows, inFlight } = drawn(await visit("a! a>b b>a a!heartbeat a!heartbeat a>b:AppendEntries.1"));
  assertEquals(rows.at(-1)?.arrow?.sentAt, 4);
  assertEquals(
    inFlight.filter(({ to, type }) => to === "b" && type === "AppendEntries").map(({ sentAt }) => sentAt),
    [3, 5],
  );
});

Deno.test("what is lost and what is duplicated ends on its way; a duplicate is as old as the message", async () => {
  const { rows, inFlight } = drawn(await visit("a! a+b a~c a>b a>b"));
  assertEquals(rows.map(({ arrow }) => arrow?.end ?? null), [null, null, "+", "~", ">", ">"]);
  assertEquals(rows.map(({ arrow }) => arrow?.sentAt ?? null), [null, null, 1, 1, 1, 1]);
  assertEquals(inFlight.map(({ from, to }) => from + to), ["ba", "ba"]);
});

Deno.test("a message that a network delivers again and again stays in flight", async () => {
  const session = await visit("", { spec: "raft_lite", parameters: { network: "duplicating" } });
  const once = play(session, "a>a");
  const { rows, inFlight } = drawn(play(once, "a>a"));
  assertEquals(rows.map(({ arrow }) => arrow?.sentAt ?? null), [null, 0, 0]);
  assert(inFlight.some(({ from, to }) => from === "a" && to === "a"));
});

Deno.test("messages in the queues of an ordered network are in flight, too", async () => {
  const session = await visit("", { spec: "raft_lite", parameters: { network: "ordered" } });
  const before = drawn(session).inFlight.length;
  const { rows, inFlight } = drawn(play(session, "a>a"));
  assertEquals(rows[1]?.arrow?.sentAt, 0);
  assertEquals(inFlight.length, before - 1);
});

Deno.test("the disk is seen: written, held back, done later, and lost in a crash", async () => {
  const { rows } = drawn(await visit("a!_ a* a! a>b:RequestVote.2_ b^"));
  assertEquals(rows.map(({ disk }) => disk), [null, "held", "written", "written", "held", "lost"]);
});

Deno.test("what happens by itself has a sign of its own", async () => {
  const trace = "a! a>b b>a a=x a>b:AppendEntries.2 b>a a? a^";
  const { rows } = drawn(await visit(trace));
  assertEquals(rows.map(({ glyph }) => glyph), [
    "start",
    "timer",
    "message",
    "message",
    "proposal",
    "message",
    "message",
    "read",
    "crash",
  ]);
});

Deno.test("badges tell each server's role and term; words tell what changed, but not what is seen", async () => {
  const { rows } = drawn(await visit("a! a>b"));
  assertEquals(rows[1]?.badges[0], { role: "C", term: 1 });
  assertEquals(wordsOf(rows[2]!.changes), "b: role F0 -> F1, votedFor - -> a");
  assertEquals(wordsOf(rows[2]!.changes, ["role"]), "b: votedFor - -> a");
  const plain = drawn(await visit("FillBig BigToSmall", { spec: "die_hard" }));
  assertEquals(wordsOf(plain.rows[2]!.changes), "big 5 -> 2; small 0 -> 3");
});

Deno.test("a diagram that takes over what it has in common with an earlier one is as one made anew (seed 7)", async () => {
  const random = randomFrom(7);
  let session: Session = await visit("");
  let known = drawn(session);
  for (let round = 0; round < 120; round++) {
    const { model } = session.opened;
    if (chance(random, 0.2)) session = go(session, between(random, 0, session.path.length - 1));
    if (chance(random, 0.1)) session = fork(session);
    const steps = model.steps(selected(session).state);
    session = play(session, steps[between(random, 0, steps.length - 1)]!.label);
    const next = drawn(session, known);
    assertEquals({ ...next, run: null }, { ...drawn(session), run: null });
    if (next.rows.length > 1) assertStrictEquals(next.rows[0], known.rows[0]);
    known = next;
  }
});

Deno.test("a row's arrow is drawn from the row of its sender down to its own, and lifelines in between", async () => {
  const diagram = drawn(await visit("a! b! a>c"));
  const frame = frameOf(3, 600);
  const { back, front } = shapesOfRow(frame, diagram.servers, diagram.rows[3]!, diagram.rows[2]!.badges, []);
  const arrow = back.find((shape) => shape.class.startsWith("arrow"))!;
  assert(Number(arrow.attributes.y1) > middleOf(1) && Number(arrow.attributes.y1) < middleOf(2));
  assert(Number(arrow.attributes.y2) < middleOf(3) && Number(arrow.attributes.y2) > middleOf(2));
  assert(
    Number(arrow.attributes.x1) >= frame.columns[0]! && Number(arrow.attributes.x2) <= frame.columns[2]!,
  );
  assertEquals(back.filter((shape) => shape.class.startsWith("life ")).length, 3);
  assert(front.some((shape) => shape.text === "RequestVote"));
});

Deno.test("a lost message ends in a mark; an unfinished run shows what is still in flight", async () => {
  const diagram = drawn(await visit("a! a~b"));
  const frame = frameOf(3, 600);
  const { front } = shapesOfRow(frame, diagram.servers, diagram.rows[2]!, diagram.rows[1]!.badges, []);
  assertEquals(front.filter((shape) => shape.class === "lost-mark").length, 1);
  assertEquals(
    shapesOfEnd(frame, diagram).filter((shape) => shape.class.startsWith("arrow waiting")).length,
    1,
  );
  assertEquals(shapesOfLoop(4, 2).length, 2);
});

Deno.test("words beside a badge stay between the numbers and the notes", async () => {
  const { servers, rows } = drawn(await visit("a!_ a* b!_ b* c!_ c* a^ a=x"));
  for (const width of [420, 480, 600, 940]) {
    const frame = frameOf(servers.length, width);
    const words = rows.slice(1).flatMap((row) =>
      shapesOfRow(frame, servers, row, rows[row.number - 1]!.badges, []).front
        .filter((shape) => shape.class === "label happening")
    );
    assertEquals(words.length, rows.length - 1);
    for (const { attributes, text = "" } of words) {
      const x = Number(attributes.x);
      const [from, to] = attributes["text-anchor"] === "end"
        ? [x - 6.2 * text.length, x]
        : [x, x + 6.2 * text.length];
      assert(from > 20 && to < frame.notes + 12, `${text} at ${width}: ${from} to ${to} of ${frame.notes}`);
    }
  }
});

Deno.test("columns leave room for words, also on a phone", () => {
  for (const width of [300, 360, 480, 940]) {
    for (const servers of [0, 1, 3, 5]) {
      const { columns, notes } = frameOf(servers, width);
      assertEquals(columns.length, servers);
      assert(columns.every((x, i) => x > (columns[i - 1] ?? 0)));
      if (servers <= 3) assert(width - notes >= 90, `${servers} servers at ${width}`);
    }
  }
});

Deno.test("texts are broken between words and cut off where room ends", () => {
  assertEquals(wrapped("one two three four", 66, 11, 2), ["one two", "three four"]);
  assertEquals(wrapped("one two three four five six", 60, 11, 2), ["one two", "three fo…"]);
  assertEquals(fitted("election", 100, 11), "election");
  assertEquals(fitted("election", 30, 11), "elec".slice(0, 3) + "…");
});

Deno.test("a picture is SVG that needs nothing else, in which texts are escaped and violations marked", async () => {
  const session = await visit("a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse", {
    mutant: "vote-twice",
  });
  const svg = pictureOf(drawn(session), { violations: violationsOn(session), loop: null });
  assertMatch(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/);
  assert(!svg.includes("var(--") && !/(href|src|url)[=(]/.test(svg), "refers to something");
  assert(svg.includes("a and b were both elected"), "no violation");
  assert(!/<text[^>]*>[^<]*<(?!\/text)/.test(svg), "a text is not escaped");
  assertEquals(svg.match(/<text/g)?.length, svg.match(/<\/text>/g)?.length);
  const plain = await visit("FillBig", { spec: "die_hard" });
  assert(pictureOf(drawn(plain), none).includes(">FillBig</text>"));
});

Deno.test("a run without an end has its loop in the picture", async () => {
  const session = await visit("FillBig EmptyBig", { spec: "die_hard" });
  const withLoop = pictureOf(drawn(session), { violations: [], loop: 0 });
  assertMatch(withLoop, /class="loop"/);
  assert(!/class="loop"/.test(pictureOf(drawn(session), none)));
});

Deno.test("Mermaid: messages say when they were sent, if not just before", async () => {
  assertEquals(
    mermaid(drawn(await visit("a! a>b a~c b+a b>a a=x_ a^"))).split("\n"),
    [
      "sequenceDiagram",
      "  participant a",
      "  participant b",
      "  participant c",
      "  Note over a: 1 election timeout",
      "  Note over a: C1",
      "  a->>b: 2 RequestVote",
      "  Note over b: F1",
      "  a--xc: 3 RequestVote, lost (sent at 1)",
      "  b-->>a: 4 RequestVoteResponse, duplicated (sent at 2)",
      "  b->>a: 5 RequestVoteResponse (sent at 2)",
      "  Note over a: L1",
      "  Note over a: 6 a client proposes x, its write is held back",
      "  Note over a: 7 crash and restart, held writes are lost",
      "  Note over a: F1",
      "",
    ],
  );
});

Deno.test("Mermaid: a spec without servers is states in a row; what could be taken for notation is written as entities", async () => {
  assertEquals(mermaid(drawn(await visit("FillBig BigToSmall", { spec: "die_hard" }))).split("\n"), [
    "stateDiagram-v2",
    "  [*] --> s0",
    "  s0 --> s1: FillBig",
    "  s1 --> s2: BigToSmall",
    "  s0: big 0#59; small 0",
    "  s1: big 0 -#62; 5",
    "  s2: big 5 -#62; 2#59; small 0 -#62; 3",
    "",
  ]);
});

Deno.test("without who knows the spec the disk is told as far as the notation does", async () => {
  const session = await visit("a!_ a*");
  const { rows } = diagramOf(session.opened.model, shownRun(session));
  assertEquals(rows.map(({ disk }) => disk), [null, "held", "written"]);
});
