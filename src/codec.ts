/**
 * Messages and log entries to bytes and back.
 *
 * On the wire each is one MessagePack array of scalars: a small integer that names its kind, then its fields
 * in the order of their declaration. The array is flat, lists included, so that what a decoder allocates is
 * bounded by the bytes it got: a nested array could announce in five bytes that it needs gigabytes.
 *
 * Decoding is strict and total: any bytes give a valid value or a {@linkcode CodecError}.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import {
  type AppendEntries,
  type Configuration,
  type LogEntry,
  type Message,
  type NodeId,
  type Proposal,
  type ProposalId,
  unreachable,
} from "./core/mod.ts";

/** Bytes that are no message, or no log entry; the message of the error names what is wrong. */
export class CodecError extends Error {
  /** The name of this kind of error. */
  override readonly name: string = "CodecError";
}

/** The longest name of a node, in UTF-16 code units (what `length` counts). The shortest has one. */
export const maxNodeIdLength = 255;

/** The longest address of a member, in UTF-16 code units. The shortest has one. */
export const maxAddressLength = 1024;

/** The first value on the wire. Never give a number a new meaning: nodes of two versions may meet. */
const messageKind = {
  RequestVote: 1,
  RequestVoteResponse: 2,
  AppendEntries: 3,
  AppendEntriesSuccess: 4,
  AppendEntriesFailure: 5,
  Propose: 6,
  ProposeRefused: 7,
  PreVote: 8,
  PreVoteGranted: 9,
  PreVoteRefused: 10,
  TimeoutNow: 11,
  ReadIndex: 12,
  ReadIndexResponse: 13,
} as const;

const messageName: Readonly<Record<number, keyof typeof messageKind>> = Object.fromEntries(
  Object.entries(messageKind).map(([name, kind]) => [kind, name]),
) as Record<number, keyof typeof messageKind>;

/** The first value of an entry, on the wire and on disk. */
const entryKind = { noop: 0, command: 1, configuration: 2 } as const;

type Scalar = number | string | boolean | Uint8Array;

// Encoding.

/** The bytes of a message. Expects a valid one: safe integers from 0 on, and names that a decoder accepts. */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  return encodeFlat(flattenMessage(message));
}

/** The bytes of one log entry, for storages. */
export function encodeEntry(entry: LogEntry): Uint8Array<ArrayBuffer> {
  const values: Scalar[] = [];
  pushEntry(values, entry);
  return encodeFlat(values);
}

/** An encoder keeps a buffer of the largest thing it ever encoded: one that grew past this many bytes goes. */
const maxKeptBytes = 1 << 20;
let encoder = new Encoder();

function encodeFlat(values: readonly Scalar[]): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(values);
  if (bytes.length > maxKeptBytes) encoder = new Encoder();
  return bytes;
}

function flattenMessage(message: Message): Scalar[] {
  const { from, to } = message;
  switch (message.type) {
    case "RequestVote": {
      const { term, lastLogIndex, lastLogTerm, priority, isTransfer } = message;
      return [messageKind.RequestVote, from, to, term, lastLogIndex, lastLogTerm, priority, isTransfer];
    }
    case "RequestVoteResponse":
      return [messageKind.RequestVoteResponse, from, to, message.term, message.voteGranted];
    case "AppendEntries":
      return flattenAppendEntries(message);
    case "AppendEntriesResponse": {
      if (message.success) {
        return [messageKind.AppendEntriesSuccess, from, to, message.term, message.matchIndex, message.round];
      }
      const { term, prevLogIndex, conflictTerm, conflictIndex, round } = message;
      const kind = messageKind.AppendEntriesFailure;
      return [kind, from, to, term, prevLogIndex, conflictTerm, conflictIndex, round];
    }
    case "Propose": {
      const values: Scalar[] = [messageKind.Propose, from, to];
      for (const proposal of message.proposals) {
        pushId(values, proposal.id);
        values.push(proposal.command);
      }
      return values;
    }
    case "ProposeRefused": {
      const values: Scalar[] = [messageKind.ProposeRefused, from, to];
      for (const id of message.ids) pushId(values, id);
      return values;
    }
    default:
      return flattenExtension(message);
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
      | "ReadIndexResponse";
  }
>;

function flattenExtension(message: ExtensionMessage): Scalar[] {
  const { from, to } = message;
  switch (message.type) {
    case "PreVote": {
      const { nextTerm, lastLogIndex, lastLogTerm, priority } = message;
      return [messageKind.PreVote, from, to, nextTerm, lastLogIndex, lastLogTerm, priority];
    }
    case "PreVoteGranted":
      return [messageKind.PreVoteGranted, from, to, message.nextTerm];
    case "PreVoteRefused":
      return [messageKind.PreVoteRefused, from, to, message.term];
    case "TimeoutNow":
      return [messageKind.TimeoutNow, from, to, message.term];
    case "ReadIndex": {
      const values: Scalar[] = [messageKind.ReadIndex, from, to];
      for (const id of message.ids) pushId(values, id);
      return values;
    }
    case "ReadIndexResponse": {
      const values: Scalar[] = [messageKind.ReadIndexResponse, from, to, message.index];
      for (const id of message.ids) pushId(values, id);
      return values;
    }
    default:
      return unreachable(message);
  }
}

function flattenAppendEntries(message: AppendEntries): Scalar[] {
  const { from, to, term, prevLogIndex, prevLogTerm, leaderCommit, round } = message;
  const values: Scalar[] = [
    messageKind.AppendEntries,
    from,
    to,
    term,
    prevLogIndex,
    prevLogTerm,
    leaderCommit,
    round,
  ];
  for (const entry of message.entries) pushEntry(values, entry);
  return values;
}

function pushEntry(values: Scalar[], entry: LogEntry): void {
  switch (entry.type) {
    case "noop":
      values.push(entryKind.noop, entry.term);
      return;
    case "command":
      values.push(entryKind.command, entry.term);
      pushId(values, entry.id);
      values.push(entry.command);
      return;
    case "configuration":
      values.push(entryKind.configuration, entry.term);
      pushConfiguration(values, entry.configuration);
      return;
    default:
      unreachable(entry);
  }
}

function pushConfiguration(values: Scalar[], configuration: Configuration): void {
  const { voters, oldVoters, learners, target, addresses } = configuration;
  for (const servers of [voters, oldVoters, learners]) pushNames(values, servers);
  values.push(target !== null);
  if (target !== null) { for (const servers of [target.voters, target.learners]) pushNames(values, servers); }
  const places = Object.entries(addresses);
  values.push(places.length, ...places.flat());
}

/** How many, then each: what follows is not the end. */
function pushNames(values: Scalar[], servers: readonly NodeId[]): void {
  values.push(servers.length, ...servers);
}

function pushId(values: Scalar[], id: ProposalId): void {
  values.push(id.node, id.incarnation, id.sequence);
}

// Decoding.

/**
 * The message that these bytes are. It shares no memory with them.
 *
 * @throws {CodecError} if they are none, and nothing else, whatever the bytes.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader: Reader = { values: decodeFlat(bytes), next: 0, what: "message" };
  const message = readMessage(reader);
  end(reader);
  return message;
}

/**
 * The log entry that these bytes are. It shares no memory with them.
 *
 * @throws {CodecError} if they are none, and nothing else, whatever the bytes.
 */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  const reader: Reader = { values: decodeFlat(bytes), next: 0, what: "log entry" };
  const entry = readEntry(reader);
  end(reader);
  return entry;
}

/** Takes scalars only: whatever could nest or run code is longer than allowed. */
const decoder = new Decoder({ maxArrayLength: 0, maxMapLength: 0, maxExtLength: 0 });

function decodeFlat(bytes: Uint8Array): unknown[] {
  const { count, start } = arrayHeader(bytes);
  const values: unknown[] = [];
  try {
    for (const value of decoder.decodeMulti(bytes.subarray(start))) {
      values.push(value);
      if (values.length > count) break;
    }
  } catch (error) {
    throw new CodecError(`not MessagePack scalars: ${error instanceof Error ? error.message : error}`);
  }
  if (values.length > count) throw new CodecError(`trailing bytes after ${count} values`);
  if (values.length < count) throw new CodecError(`truncated: ${values.length} of ${count} values`);
  return values;
}

/** How many values the array announces, and where the first one starts. */
function arrayHeader(bytes: Uint8Array): { readonly count: number; readonly start: number } {
  const [head, b1, b2, b3, b4] = bytes;
  if (head === undefined) throw new CodecError("truncated: no bytes");
  if (head >= 0x90 && head <= 0x9f) return { count: head - 0x90, start: 1 };
  if (head === 0xdc && b1 !== undefined && b2 !== undefined) return { count: b1 * 0x100 + b2, start: 3 };
  if (head === 0xdd && b1 !== undefined && b2 !== undefined && b3 !== undefined && b4 !== undefined) {
    return { count: ((b1 * 0x100 + b2) * 0x100 + b3) * 0x100 + b4, start: 5 };
  }
  if (head === 0xdc || head === 0xdd) throw new CodecError("truncated: no room for the length of the array");
  throw new CodecError(`not a MessagePack array: it starts with 0x${head.toString(16).padStart(2, "0")}`);
}

/** Decoded values, and how far they were read. */
interface Reader {
  readonly values: readonly unknown[];
  next: number;
  /** What is being read, for the error. */
  what: string;
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
    default:
      return unreachable(name);
  }
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
    entries: readList(reader, readEntry),
  };
  if (!Number.isSafeInteger(message.prevLogIndex + message.entries.length)) {
    throw new CodecError("AppendEntries: the index of the last entry is not a safe integer");
  }
  return message;
}

function readEntry(reader: Reader): LogEntry {
  const kind = readInteger(reader, "kind of entry");
  switch (kind) {
    case entryKind.noop:
      return { type: "noop", term: readInteger(reader, "term") };
    case entryKind.command:
      return {
        type: "command",
        term: readInteger(reader, "term"),
        id: readProposalId(reader),
        command: readBytes(reader, "command"),
      };
    case entryKind.configuration:
      return {
        type: "configuration",
        term: readInteger(reader, "term"),
        configuration: readConfiguration(reader),
      };
    default:
      throw new CodecError(`${reader.what}: unknown kind of entry: ${kind}`);
  }
}

function readConfiguration(reader: Reader): Configuration {
  const names = (field: string) => readCounted(reader, field, () => readNodeId(reader, field));
  const [voters, oldVoters, learners] = [names("voters"), names("oldVoters"), names("learners")];
  const target = readBoolean(reader, "target")
    ? { voters: names("target.voters"), learners: names("target.learners") }
    : null;
  const addresses = readCounted(reader, "addresses", () => [
    readNodeId(reader, "addresses"),
    readText(reader, "addresses", maxAddressLength),
  ]);
  return { voters, oldVoters, learners, target, addresses: Object.fromEntries(addresses) };
}

function readProposal(reader: Reader): Proposal {
  return { id: readProposalId(reader), command: readBytes(reader, "command") };
}

function readProposalId(reader: Reader): ProposalId {
  return {
    node: readNodeId(reader, "node"),
    incarnation: readInteger(reader, "incarnation"),
    sequence: readInteger(reader, "sequence"),
  };
}

/** All that is left. Ends, since every item reads at least one value. */
function readList<Item>(reader: Reader, readItem: (reader: Reader) => Item): Item[] {
  const items: Item[] = [];
  while (reader.next < reader.values.length) items.push(readItem(reader));
  return items;
}

/** As many as announced. Ends, since every item reads at least one value. */
function readCounted<Item>(reader: Reader, field: string, readItem: () => Item): Item[] {
  const items: Item[] = [];
  for (let count = readInteger(reader, field); count > 0; count--) items.push(readItem());
  return items;
}

function readInteger(reader: Reader, field: string): number {
  const value = reader.values[reader.next++];
  // MessagePack has a negative zero. It is equal to zero and yet not the same: two states would differ by it.
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
    return value;
  }
  return wrong(reader, field, "a safe integer from 0 on", value);
}

function readBoolean(reader: Reader, field: string): boolean {
  const value = reader.values[reader.next++];
  return typeof value === "boolean" ? value : wrong(reader, field, "true or false", value);
}

function readNodeId(reader: Reader, field: string): NodeId {
  return readText(reader, field, maxNodeIdLength);
}

function readText(reader: Reader, field: string, maxLength: number): string {
  const value = reader.values[reader.next++];
  if (typeof value === "string" && value.length >= 1 && value.length <= maxLength && value.isWellFormed()) {
    return value;
  }
  return wrong(reader, field, `well-formed text of 1 to ${maxLength} characters`, value);
}

function readBytes(reader: Reader, field: string): Uint8Array {
  const value = reader.values[reader.next++];
  // A copy: the caller may reuse its buffer, and a small command must not keep a large one in memory.
  return value instanceof Uint8Array ? new Uint8Array(value) : wrong(reader, field, "bytes", value);
}

function end(reader: Reader): void {
  const left = reader.values.length - reader.next;
  if (left > 0) throw new CodecError(`${reader.what}: ${left} values too many`);
}

function wrong(reader: Reader, field: string, expected: string, value: unknown): never {
  if (reader.next > reader.values.length) throw new CodecError(`${reader.what}: ends before ${field}`);
  throw new CodecError(`${reader.what}: ${field} must be ${expected}, not ${describe(value)}`);
}

/** Short, and on one line, whatever the value. */
function describe(value: unknown): string {
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) return "an object";
  return Object.is(value, -0) ? "-0" : String(value);
}
