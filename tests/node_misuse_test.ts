/** What a caller, a state machine or an adapter does against its contract: refused by name, and nothing else breaks. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { PersistentState } from "../src/core/mod.ts";
import { RaftError } from "../src/error.ts";
import type { DeliveriesOptions, ProposeOptions } from "../src/node.ts";
import type { StateMachine, Storage, Transport } from "../src/ports.ts";
import { bytes, disk, errorOf, lab, leaderLab, turn } from "./node_support.ts";

Deno.test("a wrong option of broadcast and propose is refused at the call, and leaves no timer behind", async () => {
  const { node, clock } = await leaderLab();
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [
      { signal: new AbortController() },
      /^options\.signal: expected an AbortSignal, got \[AbortController\]$/,
    ],
    [{ timeout: 5 }, /^options\.timeout: there is no such option; there are timeoutMs, signal, session$/],
    [{ timeoutMs: "5" }, /^options\.timeoutMs: expected a number of milliseconds above 0, .*, got "5"$/],
    [{ timeoutMs: 2 ** 31 }, /^options\.timeoutMs: .*, got 2147483648$/],
    [null, /^options: expected an object, got null$/],
    [5, /^options: expected an object, got 5$/],
  ];
  const before = clock.waiting();
  for (const [options, message] of wrong) {
    for (const call of [node.broadcast, node.propose]) {
      const { code, outcome, error } = await errorOf(call(bytes("x"), options as ProposeOptions));
      assertEquals([code, outcome], ["InvalidOptions", "no"]);
      assertMatch(error.message, message);
    }
  }
  assertEquals(clock.waiting(), before);
  assertEquals(node.status().pendingProposals, 0);
  await node.close();
});

Deno.test("a wrong option of deliveries is refused at the call, and the node goes on", async () => {
  const { node } = await leaderLab();
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [
      { signal: new AbortController() },
      /^options\.signal: expected an AbortSignal, got \[AbortController\]$/,
    ],
    [{ form: 2 }, /^options\.form: there is no such option; there are from, signal$/],
    [{ from: 0 }, /^options\.from: expected an integer of at least 1, got 0$/],
    [null, /^options: expected an object, got null$/],
  ];
  for (const [options, message] of wrong) {
    const error = assertThrows(() => node.deliveries(options as DeliveriesOptions), RaftError);
    assertEquals(error.code, "InvalidOptions");
    assertMatch(error.message, message);
  }
  assertEquals(await node.broadcast(bytes("x")), { index: 2 });
  await node.close();
});

Deno.test("a consumer's signal that throws is the consumer's trouble, not the node's", async () => {
  const { node } = await leaderLab();
  const { signal } = new AbortController();
  signal.removeEventListener = () => {
    throw new TypeError("no listeners here");
  };
  const next = node.deliveries({ signal }).next().then(() => "delivered", String);
  await turn();
  assertEquals(await node.broadcast(bytes("x")), { index: 2 });
  assertEquals(await next, "TypeError: no listeners here");
  assertEquals(node.status().health, { type: "running" });
  await node.close();
});

Deno.test("an apply that returns a promise stops the node with a clear reason, also if the promise rejects", async () => {
  const machines: readonly StateMachine[] = [
    { apply: () => Promise.resolve(1) },
    { apply: () => Promise.reject(new Error("later")) },
    { apply: () => ({ then() {} }) },
  ];
  for (const stateMachine of machines) {
    const { node, lines } = await leaderLab({ stateMachine });
    const { code, outcome } = await errorOf(node.broadcast(bytes("x")));
    assertEquals([code, outcome], ["Stopped", "unknown"]);
    const why = "TypeError: apply must be synchronous, but returned a promise for the command at index 2";
    assertEquals(lines, [`node a has stopped: ${why}`]);
    await turn();
    await node.close();
  }
});

Deno.test("an apply that throws stops the node, and it is said where, and that others will stop there, too", async () => {
  const stateMachine = {
    apply() {
      throw new RangeError("too much");
    },
  };
  const { node, lines } = await leaderLab({ stateMachine });
  const { code, outcome } = await errorOf(node.broadcast(bytes("x")));
  assertEquals([code, outcome], ["Stopped", "unknown"]);
  assertMatch(
    lines[0]!,
    /^node a has stopped: Error: stateMachine\.apply threw at the command at index 2: RangeError: too much; every node stops there/,
  );
  assertEquals(node.status().health.type, "failed");
  await node.close();
});

Deno.test("a storage or a transport that opens to something else is named", async () => {
  const opensTo = (open: unknown) => ({ open: () => Promise.resolve(open) }) as unknown;
  for (const nothing of [undefined, null, {}, { load() {} }]) {
    const { code, error } = await errorOf(lab({ storage: opensTo(nothing) as Storage }));
    assertEquals(code, "InvalidOptions");
    assertMatch(
      error.message,
      /^options\.storage\.open\(\): expected an object with the methods load, write/,
    );
  }
  const storage = disk();
  const { code, error } = await errorOf(lab({ disk: storage, transport: opensTo(undefined) as Transport }));
  assertEquals([code, storage.closed], ["InvalidOptions", true]);
  assertMatch(
    error.message,
    /^options\.transport\.open\(\): expected an object .* send, setPeers and close, got undefined$/,
  );
});

Deno.test("a storage that loads what no node has written is Corrupt, and is closed again", async () => {
  const noop = (term: unknown) => ({ type: "noop", term });
  const good = { currentTerm: 3, votedFor: null, log: [noop(1), noop(3)] };
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /load\(\): expected null, or an object with currentTerm, votedFor and log, got undefined$/],
    ["x", /load\(\): expected null, or an object .*, got "x"$/],
    [{ ...good, currentTerm: "3" }, /load\(\)\.currentTerm: expected an integer of at least 0, got "3"$/],
    [{ ...good, votedFor: undefined }, /load\(\)\.votedFor: expected a name or null, got undefined$/],
    [{ ...good, log: {} }, /load\(\)\.log: expected log entries/],
    [{ ...good, log: [noop("1")] }, /load\(\)\.log: expected log entries/],
    [{ ...good, log: [noop(2), noop(1)] }, /load\(\)\.log: .* that never go down/],
    [{ ...good, log: [noop(4)] }, /load\(\)\.log: .* from 1 to currentTerm/],
    [{ ...good, log: [{ type: "command", term: 1, command: "x" }] }, /load\(\)\.log: expected log entries/],
  ];
  for (const [content, message] of wrong) {
    const storage = disk();
    storage.content = content as PersistentState;
    const { code, error } = await errorOf(lab({ disk: storage }));
    assertEquals([code, storage.closed], ["Corrupt", true]);
    assertMatch(error.message, message);
  }
});
