/** Whom a node talks to. */
import { configurationsInUse, membersOf, type NodeId, type ServerState } from "../core/mod.ts";

/** The other servers, and where they are found, as far as the log says. */
export interface Peers {
  /** Their names, sorted. */
  readonly peers: readonly NodeId[];
  /** Their addresses. */
  readonly addresses: Readonly<Record<NodeId, string>>;
}

/**
 * The members, also those that an entry removes which isn't committed yet; or, as long as the log names none, those that a
 * new server was `told` of. And a leader that has removed itself, until there is another one: it refuses what it was sent.
 */
export function peersOf(state: ServerState, told: readonly NodeId[]): Peers {
  const configurations = configurationsInUse(state).map(({ configuration }) => configuration);
  const members = configurations.flatMap(membersOf);
  const followed = followedBy(state);
  const all = [...(members.length === 0 ? told : members), ...(followed === null ? [] : [followed])];
  const addresses = Object.assign({}, ...configurations.map((configuration) => configuration.addresses));
  return { peers: [...new Set(all)].filter((peer) => peer !== state.config.id).sort(), addresses };
}

/** Looks at every state whether the peers may be others than before, and says so; `first` is the state at the start. */
export function watchPeers(first: ServerState, onChange: (state: ServerState) => void) {
  let known = configurationsInUse(first);
  let followed = followedBy(first);
  return (state: ServerState): void => {
    const inUse = configurationsInUse(state);
    const isSame = inUse.length === known.length && inUse.at(-1) === known.at(-1);
    if (isSame && followed === followedBy(state)) return;
    known = inUse;
    followed = followedBy(state);
    onChange(state);
  };
}

function followedBy({ role }: ServerState): NodeId | null {
  return role.type === "follower" ? role.leaderId : null;
}
