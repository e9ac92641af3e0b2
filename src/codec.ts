/**
 * Messages and log entries to bytes and back.
 *
 * On the wire each is one MessagePack array of scalars: a small integer that names its kind, then its fields
 * in the order of their declaration. The array is flat, lists included, so that what a decoder allocates is
 * bounded by the bytes it got: a nested array could announce in five bytes that it needs gigabytes.
 *
 * Decoding is strict and total: any bytes give a valid value or a {@linkcode CodecError}.
 */
import {
  type AppendEntries,
  type InstallSnapshot,
  type LogEntry,
  type Message,
  type NodeId,
  type ProposalId,
  type Snapshot,
  unreachable,
} from "./core/mod.ts";
import { putEntries, putEntry, putSnapshot, readEntries, readEntry, readSnapshot } from "./codec_entries.ts";
import {
  CodecError,
  end,
  readBoolean,
  readBytes,
  type Reader,
  readerOf,
  readInteger,
  readList,
  readNodeId,
} from "./codec_flat.ts";
import { kindOf, putId, putProposal, readProposal, readProposalId } from "./codec_proposal.ts";
import { begin, createWriter, put, putAll, viewOf } from "./codec_writer.ts";

export { CodecError, maxAddressLength, maxNodeIdLength } from "./codec_flat.ts";

/** The first value on the wire. Never give a number a new meaning: nodes of two versions may meet. */
const messageKind = {
  RequestVote: 1,
  RequestVoteResponse: 2,
  AppendEntries: 3,
  AppendEntriesSuccess: 4,
  AppendEntriesFailure: 5,
  ProposeRefused: 7,
  PreVote: 8,
  PreVoteGranted: 9,
  PreVoteRefused: 10,
  TimeoutNow: 11,
  ReadIndex: 12,
  ReadIndexResponse: 13,
  InstallSnapshot: 14,
  InstallSnapshotResponse: 15,
  // 6 was Propose without sessions.
  Propose: 16,
} as const;

const messageName: Readonly<Record<number, keyof typeof messageKind>> = Object.fromEntries(
  Object.entries(messageKind).map(([name, kind]) => [kind, name]),
) as Record<number, keyof typeof messageKind>;

// Encoding.

const writer = createWriter();

/** The bytes of a message. Expects a valid one: safe integers from 0 on, and names that a decoder accepts. */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  begin(writer);
  putMessage(message);
  return viewOf(writer).slice();
}

/** The bytes of one log entry, for storages. */
export function encodeEntry(entry: LogEntry): Uint8Array<ArrayBuffer> {
  begin(writer);
  putEntry(writer, entry);
  return viewOf(writer).slice();
}

/** The bytes of several log entries, valid until anything else is encoded: for who copies them at once. */
export function viewOfEntries(entries: readonly LogEntry[]): Uint8Array<ArrayBuffer> {
  begin(writer);
  putEntries(writer, entries);
  return viewOf(writer);
}

/** The bytes of what a snapshot stands for, for storages. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  begin(writer);
  putSnapshot(writer, snapshot);
  return viewOf(writer).slice();
}

function putMessage(message: Message): void {
  const { from, to } = message;
  switch (message.type) {
    case "RequestVote": {
      const { term, lastLogIndex, lastLogTerm, priority, isTransfer } = message;
      const values = [
        messageKind.RequestVote,
        from,
        to,
        term,
        lastLogIndex,
        lastLogTerm,
        priority,
        isTransfer,
      ];
      return putAll(writer, values);
    }
    case "RequestVoteResponse":
      return putAll(writer, [messageKind.RequestVoteResponse, from, to, message.term, message.voteGranted]);
    case "AppendEntries": {
      const { term, prevLogIndex, prevLogTerm, leaderCommit, round } = message;
      const kind = messageKind.AppendEntries;
      putAll(writer, [kind, from, to, term, prevLogIndex, prevLogTerm, leaderCommit, round]);
      return putEntries(writer, message.entries);
    }
    case "AppendEntriesResponse": {
      if (message.success) {
        const { term, matchIndex, round } = message;
        return putAll(writer, [messageKind.AppendEntriesSuccess, from, to, term, matchIndex, round]);
      }
      const { term, prevLogIndex, conflictTerm, conflictIndex, round } = message;
      const kind = messageKind.AppendEntriesFailure;
      return putAll(writer, [kind, from, to, term, prevLogIndex, conflictTerm, conflictIndex, round]);
    }
    case "Propose":
      putAll(writer, [messageKind.Propose, from, to]);
      for (const proposal of message.proposals) {
        put(writer, kindOf(proposal));
        putProposal(writer, proposal);
      }
      return;
    case "ProposeRefused":
      putAll(writer, [messageKind.ProposeRefused, from, to]);
      return putIds(message.ids);
    default:
      return putExtension(message);
  }
}

type ExtensionMessage = Extract<
  Message,
  {
    type:
      | "PreVote"
      | "PreVoteGranted"
      | "PreVoteRefused"
      | "TimeoutNow"
      | "ReadIndex"
      | "ReadIndexResponse"
      | "InstallSnapshot"
      | "InstallSnapshotResponse";
  }
>;

function putExtension(message: ExtensionMessage): void {
  const { from, to } = message;
  switch (message.type) {
    case "PreVote": {
      const { nextTerm, lastLogIndex, lastLogTerm, priority } = message;
      return putAll(writer, [messageKind.PreVote, from, to, nextTerm, lastLogIndex, lastLogTerm, priority]);
    }
    case "PreVoteGranted":
      return putAll(writer, [messageKind.PreVoteGranted, from, to, message.nextTerm]);
    case "PreVoteRefused":
      return putAll(writer, [messageKind.PreVoteRefused, from, to, message.term]);
    case "TimeoutNow":
      return putAll(writer, [messageKind.TimeoutNow, from, to, message.term]);
    case "ReadIndex":
      putAll(writer, [messageKind.ReadIndex, from, to]);
      return putIds(message.ids);
    case "ReadIndexResponse":
      putAll(writer, [messageKind.ReadIndexResponse, from, to, message.index]);
      return putIds(message.ids);
    case "InstallSnapshot": {
      const { term, snapshot, offset, isLast, data } = message;
      putAll(writer, [messageKind.InstallSnapshot, from, to, term, offset, isLast, data]);
      return putSnapshot(writer, snapshot);
    }
    case "InstallSnapshotResponse": {
      const { term, index, nextOffset, isDone } = message;
      const kind = messageKind.InstallSnapshotResponse;
      return putAll(writer, [kind, from, to, term, index, nextOffset, isDone]);
    }
    default:
      return unreachable(message);
  }
}

function putIds(ids: readonly ProposalId[]): void {
  for (const id of ids) putId(writer, id);
}

// Decoding.

/**
 * The message that these bytes are. It shares no memory with them.
 *
 * @throws {CodecError} if they are none, and nothing else, whatever the bytes.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = readerOf(bytes, "message");
  const message = readMessage(reader);
  end(reader);
  return message;
}

/**
 * What a snapshot stands for.
 *
 * @throws {CodecError} if these bytes are nothing of the kind.
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const reader = readerOf(bytes, "snapshot");
  const snapshot = readSnapshot(reader);
  end(reader);
  return snapshot;
}

/**
 * The log entries that these bytes are. They share no memory with them.
 *
 * @throws {CodecError} if they are none, and nothing else, whatever the bytes.
 */
export function decodeEntries(bytes: Uint8Array): LogEntry[] {
  const reader = readerOf(bytes, "log entries");
  return readEntries(reader);
}

/**
 * The log entry that these bytes are. It shares no memory with them.
 *
 * @throws {CodecError} if they are none, and nothing else, whatever the bytes.
 */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  const reader = readerOf(bytes, "log entry");
  const entry = readEntry(reader);
  end(reader);
  return entry;
}

function readMessage(reader: Reader): Message {
  const kind = readInteger(reader, "kind");
  const name = messageName[kind];
  if (name === undefined) throw new CodecError(`unknown kind of message: ${kind}`);
  reader.what = name;
  const from = readNodeId(reader, "from");
  const to = readNodeId(reader, "to");
  switch (name) {
    case "RequestVote":
      return {
        type: "RequestVote",
        from,
        to,
        term: readInteger(reader, "term"),
        lastLogIndex: readInteger(reader, "lastLogIndex"),
        lastLogTerm: readInteger(reader, "lastLogTerm"),
        priority: readInteger(reader, "priority"),
        isTransfer: readBoolean(reader, "isTransfer"),
      };
    case "RequestVoteResponse":
      return {
        type: "RequestVoteResponse",
        from,
        to,
        term: readInteger(reader, "term"),
        voteGranted: readBoolean(reader, "voteGranted"),
      };
    case "AppendEntries":
      return readAppendEntries(reader, from, to);
    case "AppendEntriesSuccess":
      return {
        type: "AppendEntriesResponse",
        from,
        to,
        term: readInteger(reader, "term"),
        success: true,
        matchIndex: readInteger(reader, "matchIndex"),
        round: readInteger(reader, "round"),
      };
    case "AppendEntriesFailure":
      return {
        type: "AppendEntriesResponse",
        from,
        to,
        term: readInteger(reader, "term"),
        success: false,
        prevLogIndex: readInteger(reader, "prevLogIndex"),
        conflictTerm: readInteger(reader, "conflictTerm"),
        conflictIndex: readInteger(reader, "conflictIndex"),
        round: readInteger(reader, "round"),
      };
    case "Propose":
      return { type: "Propose", from, to, proposals: readList(reader, readProposal) };
    case "ProposeRefused":
      return { type: "ProposeRefused", from, to, ids: readList(reader, readProposalId) };
    default:
      return readExtension(reader, name, from, to);
  }
}

function readExtension(
  reader: Reader,
  name: ExtensionMessage["type"],
  from: NodeId,
  to: NodeId,
): ExtensionMessage {
  switch (name) {
    case "PreVote":
      return {
        type: "PreVote",
        from,
        to,
        nextTerm: readInteger(reader, "nextTerm"),
        lastLogIndex: readInteger(reader, "lastLogIndex"),
        lastLogTerm: readInteger(reader, "lastLogTerm"),
        priority: readInteger(reader, "priority"),
      };
    case "PreVoteGranted":
      return { type: name, from, to, nextTerm: readInteger(reader, "nextTerm") };
    case "PreVoteRefused":
    case "TimeoutNow":
      return { type: name, from, to, term: readInteger(reader, "term") };
    case "ReadIndex":
      return { type: name, from, to, ids: readList(reader, readProposalId) };
    case "ReadIndexResponse": {
      const index = readInteger(reader, "index");
      return { type: name, from, to, index, ids: readList(reader, readProposalId) };
    }
    case "InstallSnapshot":
      return readInstallSnapshot(reader, from, to);
    case "InstallSnapshotResponse":
      return {
        type: name,
        from,
        to,
        term: readInteger(reader, "term"),
        index: readInteger(reader, "index"),
        nextOffset: readInteger(reader, "nextOffset"),
        isDone: readBoolean(reader, "isDone"),
      };
    default:
      return unreachable(name);
  }
}

function readInstallSnapshot(reader: Reader, from: NodeId, to: NodeId): InstallSnapshot {
  const message = {
    type: "InstallSnapshot",
    from,
    to,
    term: readInteger(reader, "term"),
    offset: readInteger(reader, "offset"),
    isLast: readBoolean(reader, "isLast"),
    data: readBytes(reader, "data"),
    snapshot: readSnapshot(reader),
  } as const;
  if (Number.isSafeInteger(message.offset + message.data.byteLength)) return message;
  throw new CodecError("InstallSnapshot: the end of the chunk is not a safe integer");
}

function readAppendEntries(reader: Reader, from: NodeId, to: NodeId): AppendEntries {
  const message: AppendEntries = {
    type: "AppendEntries",
    from,
    to,
    term: readInteger(reader, "term"),
    prevLogIndex: readInteger(reader, "prevLogIndex"),
    prevLogTerm: readInteger(reader, "prevLogTerm"),
    leaderCommit: readInteger(reader, "leaderCommit"),
    round: readInteger(reader, "round"),
    entries: readEntries(reader),
  };
  if (!Number.isSafeInteger(message.prevLogIndex + message.entries.length)) {
    throw new CodecError("AppendEntries: the index of the last entry is not a safe integer");
  }
  return message;
}
