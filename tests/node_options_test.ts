import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeMessage, encodeMessage } from "../src/codec.ts";
import type { Message } from "../src/core/mod.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import { RaftNode, type RaftNodeOptions } from "../src/node.ts";
import { disk, errorOf, lab, wire } from "./node_support.ts";

Deno.test("a wrong option is named, with what was expected and what was given", async () => {
  const good = { id: "a", peers: [], bootstrap: true, transport: wire(), storage: disk() };
  const circular: Record<string, unknown> = {};
  circular.itself = circular;
  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ id: "" }, /^RaftNode\.start: options\.id: expected a name of 1 to 255 characters, got ""$/],
    [{ id: 7 }, /^RaftNode\.start: options\.id: expected a name of 1 to 255 characters, got 7$/],
    [{ clusterId: "x".repeat(256) }, /^RaftNode\.start: options\.clusterId: expected a name/],
    [{ peers: "b" }, /^RaftNode\.start: options\.peers: expected a list of different names .*, got "b"$/],
    [{ peers: ["b", "b"] }, /^RaftNode\.start: options\.peers: expected a list of different names/],
    [{ bootstrap: "yes" }, /^RaftNode\.start: options\.bootstrap: expected true or false, got "yes"$/],
    [{ join: true }, /^RaftNode\.start: options\.join: expected false, as bootstrap is true: .*, got true$/],
    [{ transport: {} }, /^RaftNode\.start: options\.transport: expected a Transport/],
    [{ storage: undefined }, /^RaftNode\.start: options\.storage: expected a Storage.*, got undefined$/],
    [
      { stateMachine: () => 1 },
      /^RaftNode\.start: options\.stateMachine: expected a StateMachine.*, got a function$/,
    ],
    [{ step: 1 }, /^RaftNode\.start: options\.step: expected a function, got 1$/],
    [
      { heartbeatMs: 0 },
      /^RaftNode\.start: options\.heartbeatMs: expected a number of milliseconds above 0, .*, got 0$/,
    ],
    [{ heartbeatMs: NaN }, /^RaftNode\.start: options\.heartbeatMs: .*, got NaN$/],
    [{ electionTimeoutMs: [300] }, /^RaftNode\.start: options\.electionTimeoutMs: expected \[min, max\]/],
    [
      { electionTimeoutMs: [300, 300] },
      /^RaftNode\.start: options\.electionTimeoutMs: .* heartbeatMs < min < max, where heartbeatMs is 50, got \[300,300\]$/,
    ],
    [
      { heartbeatMs: 400 },
      /^RaftNode\.start: options\.electionTimeoutMs: .* heartbeatMs < min < max, where heartbeatMs is 400/,
    ],
    [
      { maxPendingProposals: 1.5 },
      /^RaftNode\.start: options\.maxPendingProposals: expected an integer of at least 1, got 1\.5$/,
    ],
    [
      { heartbeatMS: 50 },
      /^RaftNode\.start: options\.heartbeatMS: there is no such option; there are id, clusterId, /,
    ],
    [
      { maxPendingBytes: 9 },
      /^RaftNode\.start: options\.maxPendingBytes: expected an integer of at least maxCommandBytes, got 9$/,
    ],
    [
      { idd: "a", peer: [] },
      /^RaftNode\.start: options\.idd: there is no .*\nRaftNode\.start: options\.peer: there is no /,
    ],
    [{ peers: ["b", 7] }, /^RaftNode\.start: options\.peers\.1: expected a name .*, got 7$/],
    [
      { transport: circular },
      /^RaftNode\.start: options\.transport: .*, got an object that contains itself$/,
    ],
    [{ storage: new Map() }, /^RaftNode\.start: options\.storage: .*, got \[Map\]$/],
    [
      { id: "", log: 1 },
      /^RaftNode\.start: options\.id: .*\nRaftNode\.start: options\.log: expected a function, got 1$/,
    ],
  ];
  for (const [options, message] of wrong) {
    const start = RaftNode.start({ ...good, ...options } as unknown as RaftNodeOptions);
    const { code, error } = await errorOf(start);
    assertEquals(code, "InvalidOptions");
    assertMatch(error.message, message);
  }
  const { code } = await errorOf(RaftNode.start(undefined as unknown as RaftNodeOptions));
  assertEquals(code, "InvalidOptions");
});

Deno.test("a name that a node takes is one that the codec carries, and no other", async () => {
  for (const id of ["a", "guest-0", "日本", "x".repeat(255), "", "x".repeat(256), "\ud800"]) {
    const message: Message = { type: "Propose", from: id, to: "b", proposals: [] };
    const carried = await Promise.try(() => decodeMessage(encodeMessage(message))).then(
      ({ from }) => from === id,
      () => false,
    );
    const started = await lab({ id }).then(({ node }) => node.close().then(() => true), () => false);
    assertEquals(started, carried, JSON.stringify(id));
  }
});

Deno.test("it is all the same whether the peers name the node itself", async () => {
  const { node: others } = await lab({ peers: ["c", "b"] });
  const { node: all } = await lab({ peers: ["b", "a", "c"] });
  assertEquals(others.status().servers, ["a", "b", "c"]);
  assertEquals(all.status().servers, ["a", "b", "c"]);
  await others.close();
  await all.close();
});

Deno.test("the members in the storage beat the peers in the options", async () => {
  const storage = memoryStorage();
  const { node } = await lab({ storage, peers: ["c", "b"] });
  await node.close();
  const { node: again, network } = await lab({ storage, peers: ["b", "d"] });
  assertEquals(again.status().servers, ["a", "b", "c"]);
  assertEquals(network.peers, ["b", "c"]);
  await again.close();
});

Deno.test("a node that joins stands for no election, and is a member of nothing yet", async () => {
  const { node, clock, network } = await lab({ bootstrap: false, join: true, peers: ["b", "c"] });
  await clock.advance(10_000);
  const { servers, role, currentTerm } = node.status();
  assertEquals([servers, role, currentTerm, network.sent], [[], "follower", 0, []]);
  assertEquals(network.peers, ["b", "c"]);
  await node.close();
});

Deno.test("an empty storage starts only with bootstrap, and the refusal says what to do", async () => {
  const storage = disk();
  const { code, error } = await errorOf(lab({ disk: storage, bootstrap: false }));
  assertEquals(code, "NotBootstrapped");
  assertMatch(error.message, /bootstrap: true/);
  assert(storage.closed, "what was opened is closed again");
  assertEquals(storage.content, null);
});

Deno.test("a bootstrapped storage needs no bootstrap again, even if nothing else was ever written", async () => {
  const storage = disk();
  const { node } = await lab({ disk: storage });
  await node.close();
  assertEquals(storage.content, { currentTerm: 0, votedFor: null, log: [] });
  const { node: again } = await lab({ disk: storage, bootstrap: false });
  await again.close();
});

Deno.test("bootstrap is ignored on a storage that is not empty", async () => {
  const storage = disk();
  storage.content = { currentTerm: 7, votedFor: "b", log: [{ type: "noop", term: 7 }] };
  const { node } = await lab({ disk: storage, bootstrap: true });
  assertEquals([node.status().currentTerm, node.status().lastLogIndex], [7, 1]);
  await node.close();
  assertEquals(storage.writes, []);
});

Deno.test("a transport that can't be opened is Unavailable, says why, and leaves nothing open", async () => {
  const storage = disk();
  const transport = { open: () => Promise.reject(new Error("port 7 is in use")) };
  const { code, error } = await errorOf(lab({ disk: storage, transport }));
  assertEquals(code, "Unavailable");
  assertMatch(error.message, /the transport .*port 7 is in use/);
  assert(storage.closed);
});
