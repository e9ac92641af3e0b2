import { assert, assertEquals } from "@std/assert";
import { configurationOfVoters, hasQuorum, quorumIndexOf } from "../../src/core/configuration.ts";
import { isQuorum, quorumIndex } from "../../src/core/quorum.ts";

const names = ["a", "b", "c", "d", "e", "f", "g"];

function subsets(servers: readonly string[]): string[][] {
  return servers.reduce<string[][]>((all, server) => [...all, ...all.map((set) => [...set, server])], [[]]);
}

Deno.test("any two quorums of up to seven servers share a server", () => {
  for (let size = 1; size <= names.length; size++) {
    const servers = names.slice(0, size);
    const quorums = subsets(servers).filter((votes) => isQuorum(votes, servers));
    assert(quorums.every((one) => quorums.every((other) => one.some((server) => other.includes(server)))));
  }
});

Deno.test("a set is a quorum exactly if the rest is not, or the cluster is even and split in halves", () => {
  for (let size = 1; size <= names.length; size++) {
    const servers = names.slice(0, size);
    for (const votes of subsets(servers)) {
      const rest = servers.filter((server) => !votes.includes(server));
      const expected = votes.length === rest.length ? false : !isQuorum(rest, servers);
      assertEquals(isQuorum(votes, servers), expected);
    }
  }
});

Deno.test("votes of strangers, and votes twice, don't count", () => {
  assertEquals(isQuorum(["a", "x", "y"], ["a", "b", "c"]), false);
  assertEquals(isQuorum(["a", "a"], ["a", "b", "c"]), false);
  assertEquals(isQuorum(["a"], ["a"]), true);
});

Deno.test("the quorum index is the highest that a majority has reached, in all small cases", () => {
  const tuples = (size: number): number[][] =>
    size === 0 ? [[]] : tuples(size - 1).flatMap((rest) => [0, 1, 2, 3].map((index) => [...rest, index]));
  for (let size = 1; size <= 5; size++) {
    for (const indexes of tuples(size)) {
      const reached = (index: number) => 2 * indexes.filter((other) => other >= index).length > size;
      assertEquals(quorumIndex(indexes), [3, 2, 1, 0].find(reached));
    }
  }
});

/** Every way to give each of these servers one of these values. */
function* assignments<T>(servers: readonly string[], values: readonly T[]): Iterable<Map<string, T>> {
  const [first, ...rest] = servers;
  if (first === undefined) return yield new Map();
  for (const assignment of assignments(rest, values)) {
    for (const value of values) yield new Map([...assignment, [first, value]]);
  }
}

Deno.test("joint configurations need both majorities, for votes and for indexes, in all cases of four servers", () => {
  const four = names.slice(0, 4);
  const sets = subsets(four);
  const isMajority = (set: readonly string[], of: readonly string[]) =>
    2 * of.filter((server) => set.includes(server)).length > of.length;
  let cases = 0;
  for (const voters of sets.filter(({ length }) => length > 0)) {
    for (const oldVoters of sets) {
      const configuration = { ...configurationOfVoters(voters), oldVoters, learners: [] };
      const decides = (set: readonly string[]) =>
        isMajority(set, voters) && (oldVoters.length === 0 || isMajority(set, oldVoters));
      for (const votes of sets) assertEquals(hasQuorum(configuration, votes), decides(votes));
      for (const indexes of assignments(four, [0, 1, 2])) {
        const reached = (index: number) => four.filter((server) => indexes.get(server)! >= index);
        const expected = [2, 1, 0].find((index) => decides(reached(index)));
        assertEquals(quorumIndexOf(configuration, (server) => indexes.get(server)!), expected);
        cases++;
      }
    }
  }
  assertEquals(cases, 15 * 16 * 81);
});

Deno.test("learners never count", () => {
  const configuration = { ...configurationOfVoters(["a", "b"]), learners: ["c", "d", "e"] };
  assertEquals(hasQuorum(configuration, ["a", "c", "d", "e"]), false);
  assertEquals(quorumIndexOf(configuration, (server) => server === "b" ? 1 : 9), 1);
});
