/** What the page shows of a Raft server, apart from where that is known from. */
import {
  type Configuration,
  entriesOf,
  isJoint,
  knownLeader,
  latestConfiguration,
  type Leader,
  type LogEntry,
  type LogIndex,
  type NodeId,
  type PersistentState,
  type Role,
  type ServerState,
  type Term,
  type Timer,
  timersOf,
  unreachable,
} from "../../../src/core/mod.ts";
import { configurationText, nameOf } from "../../raft/history.ts";
import type { Host } from "../../raft/host.ts";

/** An entry of a log. */
export interface EntryPicture {
  /** Where it is. */
  readonly index: LogIndex;
  /** The term in which it was appended. */
  readonly term: Term;
  /** What kind of entry it is. */
  readonly type: LogEntry["type"];
  /** What it holds, without the term: a command, `–` for a no-op, or the members. */
  readonly content: string;
}

/** One index of a server's log: what memory holds there, and the disk. */
export interface SlotPicture {
  /** The index. */
  readonly index: LogIndex;
  /** The entry in memory; null if the log ends before. */
  readonly memory: EntryPicture | null;
  /** The entry on the disk; null if it holds none. */
  readonly disk: EntryPicture | null;
  /** Whether the server knows that it is committed. */
  readonly isCommitted: boolean;
  /** Whether the state machine has applied it. */
  readonly isApplied: boolean;
}

/** What a leader knows of another server. */
export interface PeerPicture {
  /** The other server. */
  readonly id: NodeId;
  /** The index of the next entry to send. */
  readonly nextIndex: LogIndex;
  /** The index of the last entry known to be replicated there, durably. */
  readonly matchIndex: LogIndex;
  /** The index of the snapshot that it is being sent; null if it is sent none. */
  readonly snapshotIndex: LogIndex | null;
}

/** What survives a crash, but for the log. */
export interface PersistentPicture {
  /** The current term. */
  readonly term: Term;
  /** Who received the vote in that term, or null. */
  readonly votedFor: NodeId | null;
}

/** A server. */
export interface ServerPicture extends PersistentPicture {
  /** Its name. */
  readonly id: NodeId;
  /** What it is. */
  readonly role: Role["type"];
  /** The leader of its term, as far as it knows. */
  readonly leader: NodeId | null;
  /** Who granted it a vote, or a pre-vote; null if it doesn't ask for any. */
  readonly votesGranted: readonly NodeId[] | null;
  /** The last index of what was compacted away in memory; 0 if nothing was. */
  readonly compactedIndex: LogIndex;
  /** The log. */
  readonly slots: readonly SlotPicture[];
  /** The index of the highest entry known to be committed. */
  readonly commitIndex: LogIndex;
  /** The index of the highest entry that was applied. */
  readonly lastApplied: LogIndex;
  /** What the disk holds, but for the log. */
  readonly disk: PersistentPicture;
  /** Writes that have not reached the disk, in words, the oldest first. */
  readonly heldWrites: readonly string[];
  /** The other servers, as a leader knows them; none for any other role. */
  readonly peers: readonly PeerPicture[];
  /** The members that count for it, as they are written in an entry. */
  readonly members: string;
  /** Whether these are those with which the cluster began, or which the latest snapshot had. */
  readonly areMembersFirst: boolean;
  /** Whether these are a joint configuration, in which two majorities are needed. */
  readonly isJoint: boolean;
  /** Whether the latest configuration is committed, as far as it knows. */
  readonly areMembersCommitted: boolean;
  /** How it takes part. */
  readonly membership: "voter" | "learner" | "none";
  /** The index of its latest snapshot; 0 if there is none. */
  readonly snapshotIndex: LogIndex;
  /** What extensions know, in names and short texts. */
  readonly extras: Readonly<Record<string, string>>;
  /** The timers that run. */
  readonly timers: readonly Timer[];
  /** How often it was restarted. */
  readonly restarts: number;
  /** What it found impossible, and stopped for; null while all is well. */
  readonly failure: string | null;
}

/** The letter of a role, as badges have it. */
export function badgeLetter(role: Role["type"]): "F" | "P" | "C" | "L" {
  switch (role) {
    case "follower":
      return "F";
    case "preCandidate":
      return "P";
    case "candidate":
      return "C";
    case "leader":
      return "L";
    default:
      return unreachable(role);
  }
}

/** What a server is, in a word or two. */
export function roleName({ role, membership }: Pick<ServerPicture, "role" | "membership">): string {
  if (role !== "follower") return role === "preCandidate" ? "pre-candidate" : role;
  return membership === "voter" ? "follower" : membership === "learner" ? "learner" : "no member";
}

/** A server, with its disk, as the model knows it. */
export function serverPicture({ server, disk, held, restarts, failure }: Host): ServerPicture {
  const { role, log } = server;
  const { index, configuration } = latestConfiguration(log);
  return {
    id: server.config.id,
    role: role.type,
    term: server.currentTerm,
    votedFor: server.votedFor,
    leader: knownLeader(server),
    votesGranted: role.type === "candidate" || role.type === "preCandidate" ? role.votesGranted : null,
    compactedIndex: log.compactedIndex,
    slots: slotsOf(server, disk),
    commitIndex: server.commitIndex,
    lastApplied: server.lastApplied,
    disk: { term: disk.currentTerm, votedFor: disk.votedFor },
    heldWrites: held.map(({ write }) => write === null ? "a barrier" : writeText(write)),
    peers: role.type === "leader" ? peersOf(role) : [],
    members: configurationText(configuration) || "none",
    areMembersFirst: log.configurations.length === 1,
    isJoint: isJoint(configuration),
    areMembersCommitted: index <= server.commitIndex,
    membership: membershipOf(configuration, server.config.id),
    snapshotIndex: server.snapshot?.index ?? 0,
    extras: extrasOf(server),
    timers: failure === null ? timersOf(server) : [],
    restarts,
    failure,
  };
}

/** An entry, as people write it. */
export function entryPicture(entry: LogEntry, index: LogIndex): EntryPicture {
  const { term, type } = entry;
  const content = type === "noop" ? "–" : nameOf(entry).slice(String(term).length).replace(/^&/, "");
  return { index, term, type, content };
}

function slotsOf({ log, commitIndex, lastApplied }: ServerState, disk: PersistentState): SlotPicture[] {
  const onDisk = disk.compaction?.compactedIndex ?? 0;
  const first = Math.min(onDisk, log.compactedIndex) + 1;
  const memory = entriesOf(log).map((entry, i) => entryPicture(entry, log.compactedIndex + 1 + i));
  const last = Math.max(log.lastIndex, onDisk + disk.log.length);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i): SlotPicture => {
    const index = first + i;
    const stored = disk.log[index - onDisk - 1];
    return {
      index,
      memory: memory[index - log.compactedIndex - 1] ?? null,
      disk: stored === undefined ? null : entryPicture(stored, index),
      isCommitted: index <= commitIndex,
      isApplied: index <= lastApplied,
    };
  });
}

function writeText(
  { currentTerm, votedFor, from, entries }: {
    readonly currentTerm: Term;
    readonly votedFor: NodeId | null;
    readonly from: LogIndex;
    readonly entries: readonly LogEntry[];
  },
): string {
  const vote = `term ${currentTerm}, votedFor ${votedFor ?? "–"}`;
  return entries.length === 0 ? vote : `${vote}, from ${from}: ${entries.map(nameOf).join(" ")}`;
}

function peersOf({ nextIndex, matchIndex, snapshots }: Leader): readonly PeerPicture[] {
  return Object.keys(nextIndex).sort().map((id) => ({
    id,
    nextIndex: nextIndex[id]!,
    matchIndex: matchIndex[id] ?? 0,
    snapshotIndex: snapshots[id]?.snapshot.index ?? null,
  }));
}

function membershipOf(
  { voters, oldVoters, learners }: Configuration,
  id: NodeId,
): ServerPicture["membership"] {
  if (voters.includes(id) || oldVoters.includes(id)) return "voter";
  return learners.includes(id) ? "learner" : "none";
}

function extrasOf(server: ServerState): Readonly<Record<string, string>> {
  const { role, receiving, heldProposals, heardFromLeader, ownReads } = server;
  const ofLeader = role.type === "leader"
    ? {
      ...(role.activePeers.length > 0 ? { activePeers: role.activePeers.join(" ") } : {}),
      ...(role.transfer === null ? {} : { "hands over to": role.transfer.to }),
      ...(role.reads.round > 0 ? { "read round": String(role.reads.round) } : {}),
      ...(role.reads.leaseRound > 0 ? { lease: `since round ${role.reads.leaseRound}` } : {}),
      ...(role.reads.pending.length > 0
        ? {
          "reads to confirm": role.reads.pending.map(({ from, ids }) => `${ids.length} of ${from}`).join(
            ", ",
          ),
        }
        : {}),
    }
    : {};
  return {
    ...ofLeader,
    ...(receiving === null ? {} : { receives: `snapshot ${receiving.index} of ${receiving.from}` }),
    ...(heldProposals.length > 0 ? { "held proposals": String(heldProposals.length) } : {}),
    ...(ownReads.length > 0 ? { reads: ownReads.map(readText).join(", ") } : {}),
    ...(heardFromLeader ? { heardFromLeader: "yes" } : {}),
  };
}

function readText({ askedIn, index }: ServerState["ownReads"][number]): string {
  if (index !== null) return `waits for index ${index}`;
  return askedIn === null ? "waits for a leader" : `asked in term ${askedIn}`;
}
