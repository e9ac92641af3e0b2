/**
 * Two-phase commit: a transaction manager asks resource managers to commit, all of them or none.
 *
 * A resource manager works, and is then prepared to commit, or aborts on its own. When it is prepared it tells
 * the transaction manager, and from then on it waits. When all are prepared, the transaction manager may decide
 * to commit; until it has decided so, it may decide to abort. Whatever it decides, it tells everybody.
 * Messages are never taken back: `messages` is the set of all that were ever sent, and anybody may receive one
 * late, twice, or not at all.
 *
 *     deno task check two_phase_commit --set managers=5
 *     deno task check two_phase_commit_as_transaction_commit
 */
import { always, type Definition, each, refines, sometimes, spec, type Specification } from "../mod.ts";
import { transactionCommit } from "./transaction_commit.ts";

/** What a resource manager, and the transaction manager, know and said. */
export interface Transaction {
  /** How far each resource manager is. */
  readonly managers: Readonly<Record<string, "working" | "prepared" | "committed" | "aborted">>;
  /** Whether the transaction manager has decided. */
  readonly decision: "none" | "commit" | "abort";
  /** Which resource managers have told the transaction manager that they are prepared. */
  readonly prepared: Readonly<Record<string, boolean>>;
  /** All messages that were ever sent: the decision, and that a manager is prepared. */
  readonly messages: ReadonlySet<Message>;
}

/** The decision, or who is prepared. */
export type Message = "commit" | "abort" | { readonly prepared: string };

/** The names of so many resource managers. */
function names(managers: number): readonly string[] {
  return Array.from({ length: managers }, (_, index) => `r${index + 1}`);
}

/** The state machine. An action with arguments is made by `each`; one that returns false can't happen. */
function definitionOf(managers: number): Definition<Transaction> {
  const everyone = names(managers);
  return {
    init: {
      managers: Object.fromEntries(everyone.map((manager) => [manager, "working"])),
      decision: "none",
      prepared: Object.fromEntries(everyone.map((manager) => [manager, false])),
      messages: new Set(),
    },
    actions: {
      // The transaction manager.
      DecideToCommit: (s) => {
        if (s.decision !== "none" || !Object.values(s.prepared).every(Boolean)) return false;
        s.decision = "commit";
        s.messages.add("commit");
        return true;
      },
      DecideToAbort: (s) => {
        if (s.decision !== "none") return false;
        s.decision = "abort";
        s.messages.add("abort");
        return true;
      },
      HearPrepared: each(everyone, (s, manager) => {
        if (s.decision !== "none" || !s.messages.has({ prepared: manager })) return false;
        s.prepared[manager] = true;
        return true;
      }),
      // A resource manager.
      Prepare: each(everyone, (s, manager) => {
        if (s.managers[manager] !== "working") return false;
        s.managers[manager] = "prepared";
        s.messages.add({ prepared: manager });
        return true;
      }),
      ChooseToAbort: each(everyone, (s, manager) => {
        if (s.managers[manager] !== "working") return false;
        s.managers[manager] = "aborted";
        return true;
      }),
      HearCommit: each(everyone, (s, manager) => {
        if (!s.messages.has("commit")) return false;
        s.managers[manager] = "committed";
        return true;
      }),
      HearAbort: each(everyone, (s, manager) => {
        if (!s.messages.has("abort")) return false;
        s.managers[manager] = "aborted";
        return true;
      }),
    },
    properties: [
      always("Consistent", "no manager commits while another one aborts", ({ managers }) => {
        const committed = everyone.find((manager) => managers[manager] === "committed");
        const aborted = everyone.find((manager) => managers[manager] === "aborted");
        return committed === undefined || aborted === undefined ||
          `manager ${committed} has committed, but manager ${aborted} has aborted`;
      }),
      sometimes(
        "all commit",
        "it can come to a commit everywhere",
        ({ managers }) => Object.values(managers).every((state) => state === "committed"),
      ),
      sometimes(
        "all abort",
        "it can come to an abort everywhere",
        ({ managers }) => Object.values(managers).every((state) => state === "aborted"),
      ),
    ],
    symmetry: [everyone],
  };
}

/** The spec. */
export const twoPhaseCommit: Specification = spec<Transaction, { managers: number }>(
  "two_phase_commit",
  { managers: 3 },
  ({ managers }) => definitionOf(managers),
);

/** The same, with the one claim that it is all about. To check that takes twice the time, so it is a spec of its own. */
export const twoPhaseCommitAsTransactionCommit: Specification = spec<Transaction, { managers: number }>(
  "two_phase_commit_as_transaction_commit",
  { managers: 3 },
  ({ managers }) => ({
    ...definitionOf(managers),
    properties: [
      refines(
        "It Is A Transaction Commit",
        "the managers do what managers may do",
        transactionCommit,
        (state) => ({ managers: names(managers).map((manager) => state.managers[manager]) }),
        { managers },
      ),
    ],
  }),
);

export default twoPhaseCommit;
