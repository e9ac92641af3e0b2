/** What the benchmark prints, and the arithmetic in it. */
import { median } from "../checker/measure.ts";
import type { Measured } from "./load.ts";
import { total } from "./processes.ts";

/** The heads of the columns. */
export function head(): string {
  const columns = ["clients", "a second", "p50 ms", "p99 ms", "leader", "follower", "load", "all", "others"];
  return `${"".padEnd(26)}${columns.map((column) => column.padStart(9)).join("")}\n` +
    `${"".padEnd(62)}${"CPU us a proposal".padStart(36)}`;
}

/** A line of the table. */
export function line(name: string, result: Measured): string {
  const { clients, rate, p50Ms, p99Ms, leader, follower, load, all, disturbance, errors } = result;
  const columns = [
    String(clients),
    Math.round(rate).toLocaleString("en"),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    total(leader).toFixed(1),
    total(follower).toFixed(1),
    total(load).toFixed(1),
    all.toFixed(1),
    `${(disturbance * 100).toFixed(0)} %`,
  ];
  const notes = [
    disturbance > 0.1 ? "disturbed" : "",
    errors > 0 ? `${errors} failed` : "",
  ].filter((note) => note !== "");
  return `${name.padEnd(26)}${columns.map((column) => column.padStart(9)).join("")}   ${notes.join(", ")}`
    .trimEnd();
}

/** The median of each figure over several rounds with as many clients. */
export function medianOf(rounds: readonly Measured[]): Measured {
  const of = (figure: (result: Measured) => number) => median(rounds.map(figure));
  const cpu = (process: "leader" | "follower" | "load") => ({
    user: of((result) => result[process].user),
    system: of((result) => result[process].system),
  });
  return {
    clients: rounds[0]!.clients,
    rate: of(({ rate }) => rate),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
    leader: cpu("leader"),
    follower: cpu("follower"),
    load: cpu("load"),
    all: of(({ all }) => all),
    disturbance: of(({ disturbance }) => disturbance),
  };
}

/** A figure, and what it should be. */
export interface Goal {
  /** What it says. */
  readonly what: string;
  /** The figure. */
  readonly value: number;
  /** What it should be. */
  readonly bound: number;
  /** Whether more is better. */
  readonly isAtLeast: boolean;
}

/** Whether a figure is as good as it should be. */
export function isReached({ value, bound, isAtLeast }: Goal): boolean {
  return isAtLeast ? value >= bound : value <= bound;
}

/** A line for a figure. */
export function goalLine(goal: Goal): string {
  const { what, value, bound, isAtLeast } = goal;
  const verdict = isReached(goal) ? "reached" : "missed";
  return `${what.padEnd(70)}${value.toFixed(2).padStart(8)}   ${
    isAtLeast ? "at least" : "at most"
  } ${bound}: ${verdict}`;
}

/** Ours beside the better of the rivals, with each number of clients. */
export function comparisons(
  ours: readonly Measured[],
  rivals: readonly (readonly Measured[])[],
): readonly Goal[] {
  if (rivals.length === 0) return [];
  return ours.flatMap((own, at): Goal[] => {
    const others = rivals.map((rows) => rows[at]!);
    const best = (figure: (result: Measured) => number, pick: (...values: number[]) => number) =>
      figure(own) / pick(...others.map(figure));
    const beside = `${own.clients} clients, to the better rival: `;
    const p99: Goal = {
      what: `${beside}p99`,
      value: best(({ p99Ms }) => p99Ms, Math.min),
      bound: 1,
      isAtLeast: false,
    };
    if (own.clients === 1) {
      const value = best(({ p50Ms }) => p50Ms, Math.min);
      return [{ what: "1 client, to the better rival: p50", value, bound: 0.85, isAtLeast: false }];
    }
    const value = best(({ rate }) => rate, Math.max);
    return [{ what: `${beside}proposals a second`, value, bound: 2, isAtLeast: true }, p99];
  });
}
