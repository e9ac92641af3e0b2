/** Wrong usage: what is wrong, what there is, and how to get help. */

/** A mistake in a command. Its message is for the person who typed it. */
export class UsageError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "UsageError";
}

/** "did you mean ...?", if there is a name that is close. */
export function suggestion(name: string, names: readonly string[]): string {
  const [nearest] = names
    .map((candidate) => ({ candidate, distance: distance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined ? "" : `; did you mean ${nearest.candidate}?`;
}

/** How many letters must be put in, taken out or replaced to make `b` of `a`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The help of each command. */
export const help = {
  "": `usage: check [SPEC] [flags]     searches a spec for a run that breaks a property
       break [NAME]              breaks one line of the core, and shows what goes wrong
       replay TRACE [SPEC]       prints a run step by step
       explore [SPEC]            opens a page in which a spec is played by hand
help on one of them: --help after its name`,
  check: `usage: check [SPEC] [flags]
       check --merge FILES [--json]

SPEC is a name in the catalog, or a path (or http(s) URL) of a module whose default export is a spec;
raft, if it is left out.

which spec:
  --bounds NAME     a named set of values for the spec's parameters
  --set key=value   the value of one parameter; as often as needed
  --servers N       short for --set servers=N
  --crashes N       short for --set crashes=N

the bounds of raft; what goes beyond the paper is off in the first five:
  default, election, pair, four, network
                    the paper's own sections: three servers, elections, two, four, messages that come twice
  preVote, transfer, reads, lease, flow, snapshots, sessions, membership
                    an extension each
  liveness, livenessPreVote, livenessTerms, livenessProposals, livenessFlow, livenessMembership
                    what must happen some day, where messages arrive in the end: --depth 99 searches all of it

how far to search:
  --depth N         how deep; the initial state has depth 1
  --timeout S       stop after so many seconds, with what was covered
  --workers N       search with N threads; counts and traces are the same
  --exact           compare states themselves, not fingerprints: slower, with nothing left to chance
  --symmetry        look only once at states that are the same but for names, such as servers', as the spec declares;
                    counterexamples are as short as without it
  --max-memory MB   stop when the tables need more, with what was covered; 8000 if left out

random walks instead of a search, for a space that is too large:
  --walks N         how many, each to --depth, 100 if left out
  --seed S          what they are drawn from; the same seed gives the same walks. Drawn and printed if left out
  --shard i/n       only the i-th of n parts of the walks, for one of n machines; needs --seed
  --merge FILES     the reports that all shards wrote with --json, as one

what is shown:
  --explain NAME    instead of a report, states in which the property of this name holds, and not just because nothing
                    happens: each differs in what the property looks at, and is reached soonest
  --statistics      how many distinct values each component took, and how often the properties were asked
  --test            the counterexample on stdout as a Deno.test, for the folder where you typed the command, and the
                    report on stderr: the test fails until the spec is mended, so that the run violates nothing or
                    can't happen any more
  --itf             the counterexample on stdout as ITF JSON, for the tools of Apalache and Quint; the report on stderr
  --json            one JSON object a line
  --help            this text

exit: 0 every property holds as far as was looked, 1 violated, 2 inconclusive, 64 wrong usage, 70 a bug of ours`,
  break: `usage: break [NAME] [--json]

Runs the check on the core with one line wrong, and shows the counterexample. Without NAME: what there is.

exit: 1 the mutant dies, 0 it survives, 2 inconclusive, 64 wrong usage`,
  replay: `usage: replay TRACE [SPEC] [flags]

Prints a run step by step, such as replay 'a! a>b b>a'. Flags are those of check that say which spec, --json, and:

  --loop N          the last N steps are taken again and again, with 0 nothing happens after the last one: so the run
                    never ends, and is judged by what must happen some day, too
  --mutant NAME     run the core with this mutant's line, under its bounds
  --itf             the run on stdout as ITF JSON, and the picture of it on stderr

exit: 1 the run violates a property, 0 it does not, 64 a malformed or impossible trace`,
  explore: `usage: explore [SPEC] [flags]

Serves a page on this machine in which a spec is played by hand, and prints its address. SPEC as for check; the page
has all of the catalog. The core and the checker run in the page.

  --port N     the port; 3000 if left out, or any other one if that is taken
  --watch      load the page anew when a file of the spec, or of this project, is saved
  --build DIR  write the page's files into a folder instead, for any web server

exit: 0, 64 wrong usage, 70 a bug of ours`,
} as const;
