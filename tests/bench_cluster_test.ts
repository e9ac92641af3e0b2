/** The arithmetic of the benchmark of clusters, and its command line. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Measured } from "../bench/cluster/load.ts";
import { tenths } from "../bench/cluster/memory.ts";
import { parse } from "../bench/cluster/mod.ts";
import { between, cpuOf, memoryOf, total } from "../bench/cluster/processes.ts";
import { comparisons, goalLine, isReached, line, medianOf } from "../bench/cluster/table.ts";

const cpu = { user: 10, system: 5 };
const row: Measured = {
  clients: 64,
  rate: 30_000,
  p50Ms: 2,
  p99Ms: 4,
  errors: 0,
  leader: cpu,
  follower: cpu,
  load: cpu,
  all: 60,
  disturbance: 0.02,
};

Deno.test("ours is compared with the better rival in each figure", () => {
  const goals = comparisons(
    [{ ...row, clients: 1, p50Ms: 0.5 }, row],
    [
      [{ ...row, clients: 1, p50Ms: 1 }, { ...row, rate: 20_000, p99Ms: 2 }],
      [{ ...row, clients: 1, p50Ms: 2 }, { ...row, rate: 10_000, p99Ms: 5 }],
    ],
  );
  assertEquals(goals.map(({ value }) => value), [0.5, 1.5, 2]);
  assertEquals(goals.map(isReached), [true, false, false]);
  assertStringIncludes(goalLine(goals[1]!), "at least 2: missed");
  assertEquals(comparisons([row], []), []);
});

Deno.test("of several rounds the median of each figure counts, and all that failed", () => {
  const rounds = [row, { ...row, rate: 10_000, p99Ms: 9, errors: 1 }, { ...row, rate: 20_000, errors: 1 }];
  assertEquals(medianOf(rounds), { ...row, rate: 20_000, errors: 2 });
});

Deno.test("a row tells that others disturbed it, or that something failed", () => {
  assert(!line("x", row).includes("disturbed"));
  assertStringIncludes(line("x", { ...row, disturbance: 0.11, errors: 3 }), "disturbed, 3 failed");
});

Deno.test("memory is told by the peaks of tenths of the time", () => {
  const samples = [{ at: 0, bytes: 1 }, { at: 99, bytes: 5 }, { at: 100, bytes: 2 }, { at: 1010, bytes: 7 }];
  assertEquals(tenths(samples, 1000), [5, 2, 0, 0, 0, 0, 0, 0, 0, 7]);
});

Deno.test({
  name: "the system says what a process has taken, and nothing of one that is not there",
  ignore: Deno.build.os !== "linux",
  fn() {
    const before = cpuOf(Deno.pid);
    while (total(between(before, cpuOf(Deno.pid))) === 0) crypto.getRandomValues(new Uint8Array(65_536));
    assert(total(cpuOf(Deno.pid)) < 3600);
    assert(memoryOf(Deno.pid) > 1e6);
    assertEquals([total(cpuOf(2 ** 30)), memoryOf(2 ** 30)], [0, 0]);
  },
});

Deno.test("the command line chooses parts, in order, and says what is wrong", () => {
  const all = parse([], "home");
  assert(all !== null && typeof all !== "string");
  assertEquals(all.parts, ["throughput", "kills", "snapshots", "memory"]);
  assertEquals([all.rounds, all.kills, all.rivals, all.json], [2, 50, "home", false]);
  const some = parse(["memory", "kills", "--minutes", "10", "--kills=9", "--quick", "--json"], "home");
  assert(some !== null && typeof some !== "string");
  assertEquals(some.parts, ["kills", "memory"]);
  assertEquals([some.minutes, some.kills, some.rounds, some.json], [10, 9, 1, true]);
  assertEquals(parse(["--help"], "home"), null);
  for (const args of [["nothing"], ["--rounds", "0"], ["--seconds", "soon"], ["--fast"]]) {
    assertEquals(typeof parse(args, "home"), "string", args.join(" "));
  }
});
