import { assertEquals, assertRejects } from "@std/assert";
import {
  type FrameReader,
  frameReader,
  framesOf,
  ProtocolError,
  type Socket,
} from "../src/transport/frame.ts";
import { greetDialler, type Greeter, greetListener } from "../src/transport/handshake.ts";
import { helloFrame } from "../src/transport/hello.ts";
import { dishonesty, maxTerm } from "../src/transport/honesty.ts";
import { newsOnly } from "../src/transport/news.ts";
import type { Message } from "../src/core/mod.ts";
import { messagesOfEveryType } from "./conformance/transport.ts";

/** One end of a stream in memory, and all that was written to it. */
function pipe() {
  const chunks: Uint8Array[] = [];
  const said: Uint8Array[] = [];
  let wake = () => {};
  let ended = false;
  return {
    said,
    async read(buffer: Uint8Array): Promise<number | null> {
      while (chunks.length === 0 && !ended) await new Promise<void>((resolve) => wake = resolve);
      const chunk = chunks.shift();
      if (chunk === undefined) return null;
      buffer.set(chunk);
      return chunk.length;
    },
    write(bytes: Uint8Array): Promise<number> {
      chunks.push(bytes.slice());
      said.push(bytes.slice());
      wake();
      return Promise.resolve(bytes.length);
    },
    end() {
      ended = true;
      wake();
    },
  };
}

function socketPair(): readonly [dialler: Socket, listener: Socket, said: readonly Uint8Array[]] {
  const [there, back] = [pipe(), pipe()];
  const close = () => {
    there.end();
    back.end();
  };
  return [
    { remote: "listener", read: back.read, write: there.write, close },
    { remote: "dialler", read: there.read, write: back.write, close },
    there.said,
  ];
}

const a: Greeter = { id: "a", clusterId: "test", servers: ["a", "b"] };
const b: Greeter = { ...a, id: "b" };

/** What each end made of the other: its name, or why not. */
async function greet(dialler: Greeter, listener: Greeter, isPeer = (_: string) => true) {
  const [one, other] = socketPair();
  const outcome = async (greeting: (frames: FrameReader) => Promise<string | null>, socket: Socket) => {
    try {
      return await greeting(frameReader(socket));
    } catch (error) {
      socket.close();
      return error instanceof ProtocolError ? error.message : error;
    }
  };
  return await Promise.all([
    outcome((frames) => greetListener(dialler, one, frames), one),
    outcome((frames) => greetDialler(listener, other, frames, isPeer), other),
  ]);
}

Deno.test("nodes talk if their ranges of versions meet, and else both ends say why", async () => {
  const range = (oldest: number, newest: number) => ({ versions: { oldest, newest } });
  const [told, tells] = [
    "it speaks versions 5 to 6 of the protocol, and we",
    "of the protocol, and we versions 5 to 6",
  ];
  const table: readonly (readonly [Greeter, Greeter, readonly unknown[]])[] = [
    [{ ...a, ...range(3, 4) }, { ...b, ...range(4, 5) }, ["b", "a"]],
    [{ ...a, ...range(4, 5) }, { ...b, ...range(3, 4) }, ["b", "a"]],
    [{ ...a, ...range(1, 9) }, { ...b, ...range(4, 4) }, ["b", "a"]],
    [{ ...a, ...range(3, 4) }, { ...b, ...range(5, 6) }, [
      `${told} versions 3 to 4`,
      `it speaks versions 3 to 4 ${tells}`,
    ]],
    [{ ...a, ...range(4, 4) }, { ...b, ...range(5, 6) }, [
      `${told} version 4`,
      `it speaks version 4 ${tells}`,
    ]],
  ];
  for (const [dialler, listener, expected] of table) assertEquals(await greet(dialler, listener), expected);
});

Deno.test("nodes of a cluster that began with a backup talk if it is the same one, and with who joined", async () => {
  const [one, two] = [{ backup: "one" }, { backup: "two" }];
  const told = (theirs: string, ours: string) =>
    `the cluster began with ${theirs} to it, and with ${ours} to us`;
  const table: readonly (readonly [Greeter, Greeter, readonly unknown[]])[] = [
    [{ ...a, ...one }, { ...b, ...one }, ["b", "a"]],
    [{ ...a, ...one }, { ...b, servers: [] }, ["b", "a"]],
    [{ ...a, ...one }, { ...b, ...two }, [
      told('backup "two"', 'backup "one"'),
      told('backup "one"', 'backup "two"'),
    ]],
    [a, { ...b, ...two }, [told('backup "two"', "none"), told("none", 'backup "two"')]],
  ];
  for (const [dialler, listener, expected] of table) assertEquals(await greet(dialler, listener), expected);
});

Deno.test("who shares the secret is let in, and nobody else, whichever end lacks it", async () => {
  const [s, t] = [{ secret: "the secret of the cluster" }, { secret: "another one altogether" }];
  const closed = "it closed the connection instead of a proof; is its secret the same?";
  assertEquals(await greet({ ...a, ...s }, { ...b, ...s }), ["b", "a"]);
  assertEquals(await greet({ ...a, ...s }, { ...b, ...t }), [closed, "it does not know our secret"]);
  assertEquals(await greet({ ...a, ...s }, b), [
    "it has no secret, and we ask for one",
    "it asks for a secret, and we have none",
  ]);
  assertEquals(await greet(a, { ...b, ...s }), [
    "it asks for a secret, and we have none",
    "it has no secret, and we ask for one",
  ]);
});

Deno.test("who is no peer is told so, but only once it has proven that it knows the secret", async () => {
  const [s, t] = [{ secret: "the secret of the cluster" }, { secret: "another one altogether" }];
  const nobody = () => false;
  const [told, tells] = ['it refuses us: "you are not one of my peers"', '"a" is not a peer'];
  assertEquals(await greet(a, b, nobody), [told, tells]);
  assertEquals(await greet({ ...a, ...s }, { ...b, ...s }, nobody), [told, tells]);
  assertEquals(await greet({ ...a, ...s }, { ...b, ...t }, nobody), [
    "it closed the connection instead of a proof; is its secret the same?",
    "it does not know our secret",
  ]);
});

Deno.test("whatever a refusal says is one short line in our log, and a long one is none", async () => {
  const say = async (reason: string) => {
    const [one, other] = socketPair();
    await other.write(helloFrame(b));
    await other.write(framesOf([new TextEncoder().encode(reason)]));
    return await assertRejects(() => greetListener(a, one, frameReader(one)), ProtocolError);
  };
  assertEquals(
    (await say("no\nerror b term 9: \u0007")).message,
    'it refuses us: "no\\nerror b term 9: \\u0007"',
  );
  assertEquals(
    (await say("x".repeat(1025))).message,
    "a frame of 1025 bytes, longer than the 1024 bytes allowed",
  );
});

Deno.test("a greeting that was recorded lets nobody in a second time", async () => {
  const secret = { secret: "the secret of the cluster" };
  const [one, other, said] = socketPair();
  await Promise.all([
    greetListener({ ...a, ...secret }, one, frameReader(one)),
    greetDialler({ ...b, ...secret }, other, frameReader(other), () => true),
  ]);
  const [eavesdropper, listener] = socketPair();
  for (const bytes of said) await eavesdropper.write(bytes);
  await assertRejects(
    () => greetDialler({ ...b, ...secret }, listener, frameReader(listener), () => true),
    ProtocolError,
    "it does not know our secret",
  );
});

Deno.test("a trouble is told once, and strangers can't think of more than a hundred", () => {
  const isNews = newsOnly();
  assertEquals([isNews("x"), isNews("x"), isNews("y"), isNews("x")], [true, false, true, false]);
  const told = Array.from({ length: 1000 }, (_, i) => isNews(`${i}`)).filter((tells) => tells);
  assertEquals(told.length, 98);
});

Deno.test("what no honest server can have sent is told from the message alone", () => {
  const sample = (type: Message["type"], at = 0) =>
    messagesOfEveryType("a", "b").filter((message) => message.type === type)[at]!;
  const members = { voters: ["a", "b"], oldVoters: [], learners: [], target: null, addresses: {} };
  const append = sample("AppendEntries", 1);
  const entry = (term: number) => ({ type: "noop", term }) as const;
  const configured = (change: object) => ({
    ...append,
    entries: [{ type: "configuration", term: 65536, configuration: { ...members, ...change } }],
  });
  const table: readonly (readonly [object, string])[] = [
    [{ ...sample("RequestVote"), term: 0 }, `term 0 is not from 1 to ${maxTerm}`],
    [{ ...sample("RequestVote"), term: maxTerm + 1 }, `term ${maxTerm + 1} is not from 1 to ${maxTerm}`],
    [{ ...sample("RequestVote"), lastLogTerm: 1 }, "index 0 can't be of term 1"],
    [
      { ...sample("RequestVote"), lastLogIndex: 1, lastLogTerm: 1 },
      "a log of term 1 before an election of term 1",
    ],
    [
      { ...sample("PreVote"), lastLogIndex: 1, lastLogTerm: 2 },
      "a log of term 2 before an election of term 1",
    ],
    [{ ...append, prevLogTerm: 0 }, "index 4294967296 can't be of term 0"],
    [{ ...append, prevLogTerm: 65537 }, "an entry of term 65537 in term 65536"],
    [{ ...append, entries: [entry(65535), entry(65537)] }, "an entry of term 65537 in term 65536"],
    [{ ...append, entries: [entry(65536), entry(65535)] }, "an entry of term 65535 after one of term 65536"],
    [configured({ voters: [] }), "members of whom none votes"],
    [configured({ voters: ["b", "a"] }), "members that are not sorted, or are named twice"],
    [configured({ oldVoters: ["a", "a"] }), "members that are not sorted, or are named twice"],
    [configured({ learners: ["b"] }), "a learner that votes"],
    [configured({ target: { voters: [], learners: [] } }), "members of whom none votes"],
    [{ ...sample("AppendEntriesResponse", 1), conflictTerm: 4 }, "an entry of term 4 in term 3"],
    [
      { ...sample("InstallSnapshot"), snapshot: { index: 0, term: 0, configuration: members } },
      "a snapshot of nothing",
    ],
    [
      { ...sample("InstallSnapshot"), snapshot: { index: 1, term: 11, configuration: members } },
      "an entry of term 11 in term 10",
    ],
    [{ ...sample("InstallSnapshotResponse"), index: 0 }, "a snapshot of nothing"],
    [{ ...sample("TimeoutNow"), term: 0 }, `term 0 is not from 1 to ${maxTerm}`],
  ];
  for (const [message, reason] of table) assertEquals(dishonesty(message as Message), reason);
});
