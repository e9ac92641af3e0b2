/** All branches that were played: where each leaves, and what it has come to. */
import { leavesOf } from "./branches.ts";
import { usePage } from "./context.ts";

/** The branches of the visit. */
export function BranchesDialog() {
  const { store, visits } = usePage();
  const session = store.session.value;
  if (session === null) return null;
  const shown = session.path.at(-1)!;
  return (
    <ul class="choices">
      {leavesOf(session).map(({ moment, forkedAt, length, labels }) => (
        <li key={moment}>
          <button
            type="button"
            aria-current={moment === shown}
            onClick={() => {
              visits.pick(moment);
              store.dialog.value = null;
            }}
          >
            <b>{length === 1 ? "1 step" : `${length} steps`}</b>
            <span>{labels === "" ? "on the run that is shown" : `leaves it after step ${forkedAt}`}</span>
            {labels !== "" && <code>{labels}</code>}
          </button>
        </li>
      ))}
    </ul>
  );
}
