import { assert, assertEquals } from "@std/assert";
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
