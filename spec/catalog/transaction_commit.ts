/**
 * What a distributed commit is, before anybody says how it is done.
 *
 * Resource managers take part in a transaction. In the end all of them must have committed, or all aborted.
 * This spec says who may do what when, and looks at all managers at once to say so: a manager commits only once
 * all are prepared, and aborts only while nobody has committed. It has no messages and no transaction manager.
 * `two_phase_commit` is a way to do it without looking at all at once.
 *
 *     deno task check transaction_commit --set managers=5
 */
import { always, each, sometimes, spec, type Specification } from "../mod.ts";

/** The whole state: how far each resource manager is. */
export interface Managers {
  /** A manager works, is prepared to go either way, and then commits or aborts for good. */
  readonly managers: readonly ("working" | "prepared" | "committed" | "aborted")[];
}

/** The spec. Each action is one manager's, so that a fairness condition can name it. */
export const transactionCommit: Specification = spec<Managers, { managers: number }>(
  "transaction_commit",
  { managers: 3 },
  ({ managers }) => {
    const everyone = Array.from({ length: managers }, (_, manager) => manager);
    return {
      init: { managers: everyone.map(() => "working") },
      actions: {
        Prepare: each(everyone, (s, manager) => {
          if (s.managers[manager] !== "working") return false;
          s.managers[manager] = "prepared";
          return true;
        }),
        // Nobody is still working, and nobody has aborted.
        Commit: each(everyone, (s, manager) => {
          const canCommit = s.managers.every((state) => state === "prepared" || state === "committed");
          if (s.managers[manager] !== "prepared" || !canCommit) return false;
          s.managers[manager] = "committed";
          return true;
        }),
        // A manager may change its mind even when it is prepared, as long as nobody has committed.
        Abort: each(everyone, (s, manager) => {
          const state = s.managers[manager];
          if (state === "committed" || state === "aborted" || s.managers.includes("committed")) return false;
          s.managers[manager] = "aborted";
          return true;
        }),
      },
      ends: ({ managers }) => managers.every((state) => state === "committed" || state === "aborted"),
      properties: [
        always("Consistent", "no manager commits while another one aborts", ({ managers }) => {
          const committed = managers.indexOf("committed");
          const aborted = managers.indexOf("aborted");
          return committed < 0 || aborted < 0 ||
            `manager ${committed} has committed, but manager ${aborted} has aborted`;
        }),
        sometimes(
          "all commit",
          "it can come to a commit everywhere",
          ({ managers }) => managers.every((state) => state === "committed"),
        ),
        sometimes(
          "all abort",
          "it can come to an abort everywhere",
          ({ managers }) => managers.every((state) => state === "aborted"),
        ),
      ],
    };
  },
);

export default transactionCommit;
