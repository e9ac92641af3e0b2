/** Proposals at any server: the leader appends them, others hand them on to it, or hold them while there is none. */
import { latestConfiguration, membersOf } from "./configuration.ts";
import type { Refuse, Send } from "./effect.ts";
import { roomFor } from "./flow.ts";
import { entriesBetween, type LogEntry, type NodeId, type ProposalId, type Term } from "./log.ts";
import type { Proposal, ProposeRefused } from "./message.ts";
import { appendAsLeader } from "./replication.ts";
import { knownLeader, type ServerState } from "./state.ts";
import type { Step } from "./step.ts";

/**
 * Takes proposals of a client or of another server. That a chain of servers hands them on in a circle is
 * impossible: each knows the leader of a later term than the one before.
 */
export function onProposals(state: ServerState, proposals: readonly Proposal[]): Step {
  const room = takerOf(state) === null
    ? state.config.maxHeldProposals - state.heldProposals.length
    : roomFor(state, proposals);
  return {
    state: { ...state, heldProposals: [...state.heldProposals, ...proposals.slice(0, room)] },
    effects: refusals(state, proposals.slice(room), "no"),
  };
}

/** Another server had no room. The network may have delivered the proposals twice, so their outcome is unknown. */
export function onProposeRefused(state: ServerState, refused: ProposeRefused): Step {
  return { state, effects: [{ type: "refuse", ids: refused.ids, outcome: "unknown" }] };
}

/** Moves held proposals on as soon as a leader is known. Part of every step, so no handler can forget it. */
export function releaseProposals(state: ServerState): Step {
  const leader = takerOf(state);
  const proposals = state.heldProposals;
  if (leader === null && proposals.length > 0 && isRemoved(state)) {
    return { state: { ...state, heldProposals: [] }, effects: refusals(state, proposals, "no") };
  }
  if (proposals.length === 0 || leader === null) return { state, effects: [] };
  const released: ServerState = { ...state, heldProposals: [] };
  if (leader !== state.config.id) {
    const message = { type: "Propose", from: state.config.id, to: leader, proposals } as const;
    return { state: released, effects: [{ type: "send", message }] };
  }
  return appendAsLeader(released, proposals.map((proposal) => entryOf(proposal, state.currentTerm)));
}

function entryOf({ id, command, session }: Proposal, term: Term): LogEntry {
  const entry = { type: "command", term, id, command } as const;
  return session === undefined ? entry : { ...entry, session };
}

/** Who takes proposals now: the leader, as far as it is known, and as long as it doesn't hand over (thesis 3.10). */
function takerOf(state: ServerState): NodeId | null {
  const isHandingOver = state.role.type === "leader" && state.role.transfer !== null;
  return isHandingOver ? null : knownLeader(state);
}

/** Whether this server is no member any more (§6): nobody will tell it who leads. */
function isRemoved({ config, log, commitIndex }: ServerState): boolean {
  const { index, configuration } = latestConfiguration(log);
  const members = membersOf(configuration);
  return index <= commitIndex && members.length > 0 && !members.includes(config.id);
}

/** What a leader that is no member any more (§6) has appended, and nobody will tell it about: others may commit it. */
export function refusalsOfUncommitted({ log, commitIndex, config }: ServerState): readonly (Refuse | Send)[] {
  const entries = entriesBetween(log, commitIndex + 1, log.lastIndex);
  return refusals({ config }, entries.filter((entry) => entry.type === "command"), "unknown");
}

/** Nothing is dropped in silence: each origin hears of its own. `outcome` is what those of this server came to. */
function refusals(
  state: Pick<ServerState, "config">,
  proposals: readonly Proposal[],
  outcome: Refuse["outcome"],
): readonly (Refuse | Send)[] {
  const own = state.config.id;
  const origins = [...new Set(proposals.map(({ id }) => id.node))].sort();
  return origins.map((origin) => {
    const ids = proposals.map(({ id }) => id).filter((id) => id.node === origin);
    return origin === own ? { type: "refuse", ids, outcome } : refusedMessage(own, origin, ids);
  });
}

function refusedMessage(from: NodeId, to: NodeId, ids: readonly ProposalId[]): Send {
  return { type: "send", message: { type: "ProposeRefused", from, to, ids } };
}
