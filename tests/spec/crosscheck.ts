/**
 * What other checkers count for the specs of the catalog: TLC for the published TLA+ specs, Stateright for its
 * examples, and two independent implementations for Raft Lite's model.
 *
 * `generated` counts the initial states and every successor, `depth` the levels, of which the initial states are
 * the first. Where a property is violated or a state sought, `length` counts the states of a shortest run to it.
 */
import type { Parameter } from "../../spec/mod.ts";

/** One spec, checked with these parameters, and what must come out. */
export interface Row {
  /** Its name in the catalog. */
  readonly spec: string;
  /** Its parameters, where they aren't the defaults. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** How deep to search; all that is reachable if left out. */
  readonly bound?: number;
  /** How many distinct states there are, if anybody has counted them. */
  readonly distinct?: number;
  /** How many states are generated. */
  readonly generated?: number;
  /** The depth of the deepest state. */
  readonly depth?: number;
  /** The lengths of the shortest runs to these: properties that are violated, or states that are sought. */
  readonly length?: Readonly<Record<string, number>>;
  /**
   * Claims about whole behaviours, and refinements: those that hold, and of those that don't how many steps the
   * shortest counterexample has: before its loop, and in it, where none means that nothing happens for ever.
   */
  readonly temporal?: Readonly<Record<string, "holds" | readonly [stem: number, loop: number]>>;
}

/** Rows that are quick. */
export const rows: readonly Row[] = [
  { spec: "die_hard", parameters: {}, length: { "Never Four Gallons": 7 } },
  { spec: "missionaries_and_cannibals", parameters: {}, length: { "Somebody Stays": 12 } },
  { spec: "transaction_commit", parameters: { managers: 3 }, distinct: 34, generated: 94, depth: 7 },
  { spec: "transaction_commit", parameters: { managers: 5 }, distinct: 274, generated: 1_296, depth: 11 },
  { spec: "transaction_commit", parameters: { managers: 6 }, distinct: 792, generated: 4_567, depth: 13 },
  { spec: "two_phase_commit", parameters: { managers: 3 }, distinct: 288, generated: 1_146, depth: 11 },
  { spec: "two_phase_commit", parameters: { managers: 5 }, distinct: 8_832, generated: 58_146, depth: 17 },
  {
    spec: "two_phase_commit_as_transaction_commit",
    parameters: { managers: 5 },
    distinct: 8_832,
    generated: 58_146,
    temporal: { "It Is A Transaction Commit": "holds" },
  },
  {
    spec: "paxos_as_voting",
    parameters: { ballots: 2 },
    distinct: 3_921,
    generated: 23_563,
    temporal: { "It Is Voting": "holds" },
  },
  { spec: "voting", parameters: {}, distinct: 6_752, generated: 41_017, depth: 16 },
  { spec: "paxos", parameters: { ballots: 2 }, distinct: 3_921, generated: 23_563, depth: 17 },
  {
    spec: "peterson",
    parameters: {},
    distinct: 42,
    generated: 77,
    depth: 11,
    temporal: { "It Is A Lock": "holds", "Process 0 Gets In": "holds", "Process 1 Gets In": "holds" },
  },
  {
    spec: "dining_philosophers",
    parameters: { philosophers: 5 },
    distinct: 67,
    generated: 336,
    depth: 29,
    temporal: forEach(5, (self) => [`Philosopher ${self} Doesn't Starve`]),
  },
  {
    spec: "dining_philosophers",
    parameters: { philosophers: 8 },
    distinct: 515,
    generated: 4_121,
    depth: 47,
    temporal: forEach(8, (self) => [`Philosopher ${self} Doesn't Starve`]),
  },
  {
    spec: "ewd840",
    parameters: { nodes: 3 },
    distinct: 302,
    generated: 2_001,
    depth: 9,
    temporal: { "Termination Is Detected": "holds", "It Is Termination Detection": "holds" },
  },
  {
    spec: "ewd840",
    parameters: { nodes: 4 },
    distinct: 1_566,
    generated: 15_986,
    depth: 12,
    temporal: { "Termination Is Detected": "holds", "It Is Termination Detection": "holds" },
  },
  {
    spec: "ewd840",
    parameters: { nodes: 4, claim: "false_liveness" },
    temporal: { "False Liveness": [1, 4] },
  },
  {
    spec: "ewd840",
    parameters: { nodes: 4, claim: "silence" },
    temporal: { "All Terminate In Silence": [1, 0] },
  },
  {
    spec: "ewd840",
    parameters: { nodes: 4, claim: "fair_silence" },
    temporal: { "All Terminate In Fair Silence": "holds" },
  },
  {
    spec: "ewd840",
    parameters: { nodes: 4, claim: "token_always_black" },
    length: { "Token Always Black": 2 },
  },
  {
    spec: "ewd840",
    parameters: { nodes: 4, claim: "never_change_color" },
    length: { "Never Change Color": 2 },
  },
  {
    spec: "readers_writers",
    parameters: { actors: 3 },
    distinct: 21_527,
    generated: 59_674,
    depth: 13,
    temporal: forEach(
      3,
      (actor) =>
        ["Reads Again", "Writes Again", "Stops Reading", "Stops Writing"].map((what) => `${actor} ${what}`),
    ),
  },
  {
    spec: "alternating_bit",
    parameters: {},
    distinct: 240,
    generated: 1_392,
    depth: 10,
    temporal: { "v1 Arrives": "holds", "v2 Arrives": "holds", "As If Nothing Were Lost": "holds" },
  },
  {
    spec: "atomic_commitment",
    parameters: {},
    distinct: 4_284,
    generated: 23_988,
    depth: 19,
    temporal: { "AC3, Without Faults": "holds", "AC5": "holds" },
  },
  { spec: "atomic_commitment", parameters: { wrong: true }, length: { AC1: 13 } },
  {
    spec: "ongaro_raft",
    parameters: {},
    distinct: 1_760,
    generated: 13_797,
    depth: 28,
    length: { "a leader is elected": 10, "an entry is committed": 16, "a follower commits": 18 },
  },
  { spec: "ongaro_raft", parameters: { flight: 2 }, distinct: 15_254, generated: 152_835 },
  { spec: "ping_pong", parameters: {}, distinct: 4_094 },
  { spec: "ping_pong", parameters: { lossy: false }, distinct: 11 },
  { spec: "ping_pong", parameters: { lossy: false, duplicating: false }, distinct: 11 },
  { spec: "single_copy_register", parameters: {}, distinct: 93 },
  { spec: "single_copy_register", parameters: { servers: 2 }, length: { Linearizable: 5 } },
  { spec: "register_abd", parameters: {}, distinct: 544 },
  { spec: "paxos_register", parameters: {}, distinct: 16_668 },
  { spec: "raft_lite", parameters: {}, bound: 7, length: { "Election Liveness": 4, "Log Liveness": 7 } },
  ...raftLiteRows({}, [
    [1, 1],
    [13, 13],
    [136, 79],
    [760, 328],
    [3_073, 1_138],
    [10_819, 3_733],
    [36_784, 12_258],
    [125_692, 40_857],
  ]),
  ...raftLiteRows({ crashes: 0 }, [
    [1, 1],
    [10, 10],
    [88, 52],
    [448, 199],
    [1_738, 670],
    [6_073, 2_191],
    [20_803, 7_221],
    [71_779, 24_159],
  ]),
  ...raftLiteRows({ network: "duplicating" }, [
    [1, 1],
    [13, 13],
    [139, 85],
    [871, 426],
    [4_453, 1_914],
    [20_956, 7_989],
  ]),
  ...raftLiteRows({ network: "ordered" }, [
    [1, 1],
    [13, 13],
    [136, 79],
    [760, 328],
    [3_055, 1_120],
    [10_339, 3_469],
    [31_978, 10_254],
  ]),
  ...raftLiteRows({ servers: 5, crashes: 2 }, [[1, 1], [21, 21], [406, 226], [4_266, 1_716], [
    32_531,
    10_741,
  ]]),
  ...raftLiteRows({ servers: 2, crashes: 0 }, [
    [1, 1],
    [7, 7],
    [39, 24],
    [121, 58],
    [277, 120],
    [559, 234],
    [1_075, 444],
  ]),
];

/** Rows that take long: for a benchmark. */
export const heavyRows: readonly Row[] = [
  { spec: "two_phase_commit", parameters: { managers: 6 }, distinct: 50_816, generated: 402_306, depth: 20 },
  {
    spec: "two_phase_commit",
    parameters: { managers: 7 },
    distinct: 296_448,
    generated: 2_744_706,
    depth: 23,
  },
  {
    spec: "two_phase_commit",
    parameters: { managers: 8 },
    distinct: 1_745_408,
    generated: 18_507_778,
    depth: 26,
  },
  { spec: "paxos", parameters: { ballots: 3 }, distinct: 185_369, generated: 1_361_380, depth: 25 },
  { spec: "lamport_mutex", parameters: {}, distinct: 724_274, generated: 2_729_079, depth: 61 },
  {
    spec: "ongaro_raft",
    parameters: { servers: 3, restarts: false, duplicates: false, drops: false },
    distinct: 511_055,
    generated: 4_088_992,
    depth: 48,
    length: { "a leader is elected": 10, "an entry is committed": 16, "a follower commits": 18 },
  },
  { spec: "raft_lite", parameters: {}, bound: 9, distinct: 138_693, generated: 435_556, depth: 9 },
  { spec: "raft_lite", parameters: {}, bound: 10, distinct: 481_973, generated: 1_538_638, depth: 10 },
];

/** Claims for each of so many, all of which hold. */
function forEach(count: number, names: (index: number) => readonly string[]): Row["temporal"] & object {
  const all = Array.from({ length: count }, (_, index) => names(index)).flat();
  return Object.fromEntries(all.map((name) => [name, "holds" as const]));
}

/** Raft Lite's model with these parameters: the counts [generated, distinct] to depth 1, 2, 3, ... */
function raftLiteRows(
  parameters: Row["parameters"],
  counts: readonly (readonly [generated: number, distinct: number])[],
): readonly Row[] {
  return counts.map(([generated, distinct], index): Row => {
    const depth = index + 1;
    return { spec: "raft_lite", parameters, bound: depth, distinct, generated, depth };
  });
}

/** A row in a line, as the command line would have it. */
export function titleOf({ spec, parameters, bound }: Row): string {
  const set = Object.entries(parameters).map(([key, value]) => ` --set ${key}=${value}`).join("");
  return spec + set + (bound === undefined ? "" : ` --depth ${bound}`);
}
