/** Sessions, with real nodes: what is sent again is executed once (thesis 6.3). */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { cluster, counter } from "./session_support.ts";
import { bytes, errorOf, leaderLab, text } from "./node_support.ts";

Deno.test("a command that is sent again, also at another node, is executed once and answered the same", async () => {
  const { clock, nodes, machines, others, close } = await cluster(1);
  const [first, second] = others();
  const session = await clock.until(first!.openSession());
  const x = { session: { session: session.id, sequence: 1, firstUnanswered: 1 } };
  const answer = await clock.until(first!.propose(bytes("x"), x));
  assertEquals(answer, { before: 0 });
  assertEquals(await clock.until(second!.propose(bytes("x"), x)), answer);
  assertEquals(
    await clock.until(session.propose(bytes("y")).catch((error) => error.code)),
    answer,
    "1 is taken",
  );
  await clock.until(Promise.all([...nodes.values()].map((node) => node.read(bytes("")))));
  for (const machine of machines.values()) assertEquals([...machine.counts], [["x", 1]]);
  await close();
});

Deno.test("under loss, repetition, restarts and changes of leader each command of a session is executed once", async () => {
  const { clock, network, nodes, machines, storages, leader, restart, close } = await cluster(2, {
    keptEntries: 1000,
  });
  const sessions = await clock.until(Promise.all(["b", "c"].map((id) => nodes.get(id)!.openSession())));
  network.setFaults({ lossRate: 0.2, duplicationRate: 0.3, maxDelayMs: 40 });
  let running = true;
  const commands: string[] = [];
  const answers: unknown[] = [];
  const workers = [0, 1, 2, 3, 4, 5].map(async (worker) => {
    for (let count = 0; running; count++) {
      const command = `${worker}.${count}`;
      commands.push(command);
      answers.push(await sessions[worker % 2]!.propose(bytes(command), { timeoutMs: 120_000 }));
    }
  });
  const ended = Promise.all(workers);
  for (let round = 0; round < 12; round++) {
    await clock.advance(700);
    const leads = [...nodes.values()].find((node) => node.status().role === "leader");
    if (round % 2 === 0) network.isolate(leads?.id ?? "a");
    else network.heal();
    if (round % 3 === 0) await restart("a");
    if (round % 4 === 2) await nodes.get("b")!.snapshot();
  }
  running = false;
  network.heal();
  network.setFaults({});
  await clock.until(ended, 200_000);
  await clock.until(Promise.all([...nodes.values()].map((node) => node.read(bytes("")))));
  const { currentTerm } = leader().status();
  await close();
  for (const machine of machines.values()) {
    assertEquals([...machine.counts.keys()].sort(), commands.toSorted());
    assertEquals([...machine.counts.values()].filter((count) => count !== 1), []);
  }
  const before = answers.map((answer) => (answer as { before: number }).before);
  assertEquals(new Set(before).size, commands.length, "each has an answer of its own");
  const disk = await storages.get("b")!.open({ id: "b", clusterId: "default", servers: [] });
  const log = (await disk.load())?.log ?? [];
  const sent = log.filter((entry) => entry.type === "command" && entry.session?.type === "command").length;
  assert(sent > commands.length && commands.length > 100, `${sent} entries for ${commands.length} commands`);
  assert(currentTerm > 3, `there were changes of leader: ${currentTerm}`);
});

Deno.test("sessions and their answers are in snapshots: after a restart, and at a node that was sent one", async () => {
  const { clock, network, nodes, machines, leader, others, restart, close } = await cluster(3);
  const [away] = others();
  network.isolate(away!.id);
  const session = await clock.until(leader().openSession());
  const x = { session: { session: session.id, sequence: 1, firstUnanswered: 1 } };
  await clock.until(leader().broadcast(bytes("before")));
  const answer = await clock.until(leader().propose(bytes("x"), x));
  assertEquals(answer, { before: 1 });
  for (const node of nodes.values()) if (node !== away) await clock.until(node.snapshot());
  network.heal();
  await clock.until(away!.read(bytes("")));
  for (const id of nodes.keys()) await restart(id);
  for (const node of [...nodes.values()]) {
    assertEquals(await clock.until(node.propose(bytes("x"), x)), answer, `asked at ${node.id}`);
  }
  await clock.until(Promise.all([...nodes.values()].map((node) => node.read(bytes("")))));
  for (const machine of machines.values()) assertEquals([...machine.counts], [["before", 1], ["x", 1]]);
  await close();
});

Deno.test("of more sessions than maxSessions the one that was used longest ago expires, and executes nothing", async () => {
  const { clock, leader, machines, close } = await cluster(4, { maxSessions: 2 });
  const first = await clock.until(leader().openSession());
  const second = await clock.until(leader().openSession());
  await clock.until(first.propose(bytes("first")));
  const third = await clock.until(leader().openSession());
  const given = { session: { session: second.id, sequence: 1, firstUnanswered: 1 } };
  const { code, outcome, error } = await errorOf(clock.until(leader().propose(bytes("second"), given)));
  assertEquals([code, outcome], ["SessionExpired", "no"]);
  assertMatch(
    error.message,
    /^command 1 of session \d+: there is no such session any more; .* open a new session$/,
  );
  await clock.until(Promise.all([first, third].map((session) => session.propose(bytes("later")))));
  assertEquals([...machines.get(leader().id)!.counts], [["first", 1], ["later", 2]]);
  await close();
});

Deno.test("a session that has expired is replaced by a new one, unless a command may have been executed in it", async () => {
  const { clock, network, leader, others, close } = await cluster(8, { maxSessions: 1 });
  const [away, other] = others();
  const session = await clock.until(away!.openSession());
  const { id } = session;
  await clock.until(other!.openSession());
  assertEquals(await clock.until(session.propose(bytes("x"))), { before: 0 });
  assert(session.id > id);
  network.isolate(away!.id);
  const lost = errorOf(session.propose(bytes("y"), { timeoutMs: 20_000 }));
  await clock.advance(2000);
  await clock.until(other!.openSession());
  network.heal();
  const { code, outcome } = await clock.until(lost);
  assertEquals([code, outcome], ["SessionExpired", "unknown"]);
  assertEquals(await clock.until(session.propose(bytes("z"))), { before: 1 });
  assertEquals(await clock.until(leader().read(bytes(""))), 2);
  await close();
});

Deno.test("deliveries have a command of a session once, and no openings, also after a snapshot and a restart", async () => {
  const { clock, storage, node } = await leaderLab({ stateMachine: counter(), keptEntries: 100 });
  const session = await clock.until(node.openSession());
  const x = { session: { session: session.id, sequence: 1, firstUnanswered: 1 } };
  for (const command of ["x", "x", "x"]) await clock.until(node.propose(bytes(command), x));
  await clock.until(node.broadcast(bytes("y")));
  const delivered = async (from: typeof node) => {
    const deliveries = from.deliveries();
    const found = [(await deliveries.next()).value, (await deliveries.next()).value];
    await deliveries.return?.();
    return found.map((delivery) => [delivery?.index, text(delivery!.bytes)]);
  };
  const expected = [[3, "x"], [6, "y"]];
  assertEquals(await delivered(node), expected);
  await clock.until(node.snapshot());
  await node.close();
  const again = await leaderLab({ stateMachine: counter(), keptEntries: 100, disk: storage });
  assertEquals(await delivered(again.node), expected);
  await again.node.close();
});

Deno.test("a session takes no more at a time than its answers are kept, and all get through", async () => {
  const { clock, node } = await leaderLab({ stateMachine: counter(), maxSessionAnswers: 3 });
  const session = await clock.until(node.openSession());
  const answers = Array.from({ length: 20 }, (_, at) => session.propose(bytes(`${at}`)));
  assertEquals(await clock.until(Promise.all(answers)), answers.map((_, before) => ({ before })));
  const beyond = { session: { session: session.id, sequence: 30, firstUnanswered: 21 } };
  const { code, outcome } = await errorOf(clock.until(node.propose(bytes("30"), beyond)));
  assertEquals([code, outcome], ["Overloaded", "no"]);
  await node.close();
});

Deno.test("who gives up while a session has no room leaves his place, and the others keep their order", async () => {
  const { clock, node } = await leaderLab({ stateMachine: counter(), maxSessionAnswers: 2 });
  const session = await clock.until(node.openSession());
  const gone = new AbortController();
  const outcomes = Array.from({ length: 12 }, (_, at) => {
    const options = at % 3 === 2 ? { signal: gone.signal } : {};
    return session.propose(bytes(`${at}`), options).then((answer) => answer, ({ code }) => code);
  });
  gone.abort();
  const got = await clock.until(Promise.all(outcomes));
  const order = [0, 1, null, 2, 3, null, 4, 5, null, 6, 7, null];
  assertEquals(got, order.map((before) => before === null ? "Aborted" : { before }));
  await node.close();
});

Deno.test("answers come back as they were: plain data, bytes, nothing; others stop the node with a reason", async () => {
  const given: unknown[] = [
    { n: 1, list: ["ü", null, true] },
    new Uint8Array([1, 2]),
    undefined,
    null,
    0.5,
    "",
  ];
  let next = 0;
  const stateMachine = { apply: () => given[next++] };
  const { clock, node } = await leaderLab({ stateMachine });
  const session = await clock.until(node.openSession());
  for (const [at, answer] of [...given].entries()) {
    assertEquals(await clock.until(session.propose(bytes("?"))), answer);
    const again = { session: { session: session.id, sequence: at + 1, firstUnanswered: at + 1 } };
    assertEquals(await clock.until(node.propose(bytes("?"), again)), answer);
  }
  given.push(() => "no data");
  const { code, outcome, error } = await errorOf(clock.until(session.propose(bytes("?"))));
  assertEquals([code, outcome], ["Stopped", "unknown"]);
  assertMatch(
    error.message,
    /answers of sessions must be plain data, or stateMachine\.answers must turn them/,
  );
  await node.close();
});

Deno.test("a state machine may turn its answers into bytes itself", async () => {
  const answers = {
    encode: (date: Date) => bytes(date.toISOString()),
    decode: (data: Uint8Array) => new Date(text(data)),
  };
  const stateMachine = { apply: (_: Uint8Array, index: number) => new Date(index), answers };
  const { clock, node } = await leaderLab({ stateMachine });
  const session = await clock.until(node.openSession());
  assertEquals(await clock.until(session.propose(bytes("now"))), new Date(3));
  await node.close();
});

Deno.test("a session ends its wait with the deadline or the signal, and says whether anything was sent", async () => {
  const { clock, network, leader, others, close } = await cluster(5);
  const [away] = others();
  const session = await clock.until(away!.openSession());
  network.isolate(away!.id);
  const late = errorOf(session.propose(bytes("late"), { timeoutMs: 3000 }));
  const controller = new AbortController();
  const aborted = errorOf(session.propose(bytes("aborted"), { signal: controller.signal }));
  await clock.advance(100);
  controller.abort("enough");
  const { code, outcome, error } = await clock.until(aborted);
  assertEquals([code, outcome, error.cause], ["Aborted", "unknown", "enough"]);
  assertEquals([(await clock.until(late)).code, (await late).outcome], ["Timeout", "unknown"]);
  const never = await errorOf(session.propose(bytes("never"), { signal: AbortSignal.abort() }));
  assertEquals([never.code, never.outcome], ["Aborted", "no"]);
  network.heal();
  assert(await clock.until(session.propose(bytes("back"))));
  assertEquals(leader().status().pendingProposals, 0);
  await close();
});

Deno.test("what a client says of its session is looked at", async () => {
  const { node } = await leaderLab();
  const propose = (session: { session: number; sequence: number; firstUnanswered: number }) =>
    errorOf(node.propose(bytes("x"), { session }));
  const { error } = await propose({ session: 1, sequence: 1, firstUnanswered: 2 });
  assertMatch(error.message, /options\.session\.firstUnanswered: expected an integer of at most sequence/);
  assertEquals((await propose({ session: 0, sequence: 1, firstUnanswered: 1 })).code, "InvalidOptions");
  await node.close();
});
