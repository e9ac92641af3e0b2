/** Nothing hangs: every promise that a node or a session gave settles, whatever happens meanwhile. */
import { assert, assertEquals } from "@std/assert";
import { RaftError } from "../src/error.ts";
import type { RaftNode } from "../src/node.ts";
import { cluster } from "./session_support.ts";
import { bytes, seeded } from "./node_support.ts";

/** Counts promises: how many were given, and what became of each. */
function ledger() {
  const settled = new Map<string, number>();
  let given = 0;
  return {
    watch(promise: Promise<unknown>) {
      given++;
      const note = (what: string) => void settled.set(what, (settled.get(what) ?? 0) + 1);
      promise.then(
        () => note("answered"),
        (error) => note(error instanceof RaftError ? `${error.code} ${error.outcome}` : `${error}`),
      );
    },
    settled,
    open: () => given - [...settled.values()].reduce((sum, count) => sum + count, 0),
    given: () => given,
  };
}

for (const seed of [11, 12, 13]) {
  Deno.test(`every promise settles: loss, partitions, crashes, changes of leader, overload (seed ${seed})`, async () => {
    const { clock, network, nodes, leader, restart, close } = await cluster(seed, {
      proposalTimeoutMs: 4000,
      maxPendingProposals: 30,
      maxHeldProposals: 10,
      maxSessions: 2,
    });
    const random = seeded(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]!;
    const { watch, settled, open, given } = ledger();
    const signals: AbortController[] = [];
    const ask = (node: RaftNode) => {
      const controller = new AbortController();
      if (random.next() < 0.2) signals.push(controller);
      const { signal } = controller;
      const burst = random.next() < 0.1 ? 40 : 1;
      for (let i = 0; i < burst; i++) {
        watch(
          pick([
            () => node.broadcast(bytes("x"), { signal }),
            () => node.propose(bytes("y"), { timeoutMs: 500 }),
            () => node.read(bytes(""), { signal }),
            () => node.read(bytes(""), { stale: true }),
            () =>
              node.openSession({ timeoutMs: 2000, signal }).then((session) =>
                watch(session.propose(bytes("z"), { signal }))
              ),
            () => node.transferLeadership(undefined, { timeoutMs: 1000 }),
            () => node.snapshot(),
          ])(),
        );
      }
    };
    for (let round = 0; round < 80; round++) {
      network.setFaults({ lossRate: random.next() * 0.3, duplicationRate: 0.1, maxDelayMs: 40 });
      for (const node of nodes.values()) ask(node);
      await clock.advance(50);
      for (const controller of signals.splice(0, 1)) controller.abort();
      const fault = random.next();
      if (fault < 0.1) network.isolate(pick([...nodes.keys()]));
      else if (fault < 0.2) network.heal();
      else if (fault < 0.25) await restart(pick([...nodes.keys()]));
    }
    network.heal();
    network.setFaults({});
    assert(open() > 0, "some wait at the end of the faults");
    await clock.advance(10_000);
    assertEquals(open(), 0, `of ${given()} promises: ${JSON.stringify([...settled])}`);
    assert(given() > 250);
    for (
      const outcome of ["answered", "Timeout unknown", "Overloaded no", "Aborted unknown", "Stopped unknown"]
    ) {
      assert(settled.has(outcome), `${outcome} is among ${[...settled.keys()]}`);
    }
    // Whoever waits when a node is closed is told so at once.
    network.isolate(leader().id);
    for (const node of nodes.values()) for (let i = 0; i < 5; i++) ask(node);
    await close();
    await clock.advance(0);
    assertEquals(open(), 0, "after close");
    for (const node of nodes.values()) ask(node);
    await clock.advance(0);
    assertEquals(open(), 0, "of closed nodes");
    assertEquals(clock.waiting(), [], "no timer is left");
  });
}
