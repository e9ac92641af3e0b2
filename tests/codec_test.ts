import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { decode, encode, Encoder } from "@msgpack/msgpack";
import {
  CodecError,
  decodeEntry,
  decodeMessage,
  encodeEntry,
  encodeMessage,
  maxNodeIdLength,
} from "../src/codec.ts";
import type { Scalar } from "../src/codec_flat.ts";
import { encodeFlat } from "../src/codec_writer.ts";
import type { Configuration, LogEntry, Message, ProposalId } from "../src/core/mod.ts";
import { messagesOfEveryType } from "./conformance/transport.ts";

const samples = messagesOfEveryType("a", "b");

const entries: readonly LogEntry[] = [
  { type: "noop", term: 1 },
  { type: "noop", term: Number.MAX_SAFE_INTEGER },
  { type: "command", term: 2, id: { node: "a", incarnation: 0, sequence: 0 }, command: new Uint8Array() },
  {
    type: "command",
    term: 3,
    id: { node: "a", incarnation: 0, sequence: 1 },
    command: new Uint8Array(),
    session: { type: "open", maxSessions: 1000, maxAnswers: 128 },
  },
  {
    type: "command",
    term: 3,
    id: { node: "a", incarnation: 0, sequence: 2 },
    command: new Uint8Array([6]),
    session: { type: "command", session: 70_000, sequence: 300, firstUnanswered: 299 },
  },
  {
    type: "command",
    term: 2 ** 32,
    id: { node: "n".repeat(maxNodeIdLength), incarnation: Number.MAX_SAFE_INTEGER, sequence: 65536 },
    command: new Uint8Array(70_000).fill(5),
  },
];

/** An AppendEntries with these entries; without any it is a heartbeat. */
function append(entries: readonly LogEntry[]): Message {
  return {
    type: "AppendEntries",
    from: "a",
    to: "b",
    term: 3,
    prevLogIndex: 1000,
    prevLogTerm: 3,
    entries,
    leaderCommit: 1000,
    round: 0,
  };
}

Deno.test("every type of message comes back as it was", () => {
  for (const message of samples) assertEquals(decodeMessage(encodeMessage(message)), message);
});

Deno.test("every type of log entry comes back as it was", () => {
  for (const entry of entries) assertEquals(decodeEntry(encodeEntry(entry)), entry);
});

Deno.test("a thousand random messages come back as they were", () => {
  const random = randomFrom(1);
  for (let i = 0; i < 1000; i++) {
    const message = randomMessage(random);
    assertEquals(decodeMessage(encodeMessage(message)), message, `message ${i} of seed 1`);
  }
});

Deno.test("the bytes are MessagePack: a library's decoder reads the same values", () => {
  const random = randomFrom(4);
  const values = (): Scalar[] => [
    ...Array.from({ length: 20 }, () => Math.floor(random() * 2 ** Math.floor(random() * 54))),
    ...[0, 31, 32, 255, 256, 65_535, 65_536].map((length) => "x".repeat(length)),
    ...[0, 255, 256, 65_535, 65_536].map((length) => new Uint8Array(length).fill(random() * 256)),
    ...["ü", "🐢".repeat(20), "\ufeff", true, false],
  ];
  for (const length of [1, 15, 16, 37]) {
    const some = values().slice(0, length);
    assertEquals(decode(encodeFlat(some)), some);
    assertEquals(encodeFlat(some), encode(some));
  }
  const many = Array.from({ length: 70_000 }, (_, index) => index);
  assertEquals(encodeFlat(many), encode(many));
});

Deno.test("entries that were written or read before have the same bytes again, also if their list has changed", () => {
  const random = randomFrom(6);
  const log = [...entries];
  const upTo = (length: number) => Math.floor(random() * length);
  for (let i = 0; i < 500; i++) {
    const from = upTo(log.length);
    const list = log.slice(from, from + 1 + upTo(3));
    const bytes = encodeMessage(append(list));
    assertEquals(encodeMessage(append(list)), bytes);
    assertEquals(encodeMessage(append(structuredClone(list))), bytes);
    const read = decodeMessage(bytes);
    assert(read.type === "AppendEntries");
    assertEquals(encodeMessage(read), bytes);
    list.push(log[upTo(log.length)]!);
    assertEquals(encodeMessage(append(list)), encodeMessage(append(structuredClone(list))));
    // Others have other bytes, though as many follow each other.
    list[0] = log[upTo(log.length)]!;
    assertEquals(encodeMessage(append(list)), encodeMessage(append(structuredClone(list))));
  }
});

Deno.test("a message has few bytes", () => {
  assertEquals(encodeMessage(append([])).length, 15);
});

Deno.test("what is decoded shares no memory with the bytes", () => {
  const [entry] = entries.slice(-1);
  assert(entry?.type === "command");
  const bytes = encodeEntry(entry);
  const decoded = decodeEntry(bytes);
  bytes.fill(0);
  assertEquals(decoded, entry);
  assert(decoded.type === "command");
  assertEquals(decoded.command.buffer.byteLength, decoded.command.length, "a command keeps no larger buffer");
});

Deno.test("what is encoded shares no memory with what is encoded next", () => {
  const [first, second] = [encodeMessage(sampleAt(0)), encodeMessage(sampleAt(1))];
  assertEquals(decodeMessage(first), sampleAt(0));
  assertEquals(decodeMessage(second), sampleAt(1));
});

Deno.test("the entries of a message stay as they are, whatever is written and read after it", () => {
  const listOf = (byte: number, length: number): LogEntry[] =>
    [1, 2].map((sequence) => ({
      type: "command",
      term: 3,
      id: { node: "a", incarnation: 0, sequence },
      command: new Uint8Array(length).fill(byte),
    }));
  const first = decodeMessage(encodeMessage(append(listOf(1, 100))));
  const long = decodeMessage(encodeMessage(append(listOf(2, 10_000))));
  for (const length of [1, 100, 10_000]) decodeMessage(encodeMessage(append(listOf(3, length))));
  assertEquals([first, long], [append(listOf(1, 100)), append(listOf(2, 10_000))]);
});

Deno.test("a message that is cut off anywhere is refused", () => {
  for (const message of samples) {
    const bytes = encodeMessage(message);
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => decodeMessage(bytes.subarray(0, length)), CodecError);
    }
  }
});

Deno.test("a message with bytes after its end is refused", () => {
  for (const message of samples) {
    for (const more of [0x00, 0x90, 0xc4, 0xc1, 0xff]) {
      assertThrows(() => decodeMessage(new Uint8Array([...encodeMessage(message), more])), CodecError);
    }
  }
});

Deno.test("20,000 mutated messages are valid or refused, and nothing else", () => {
  const random = randomFrom(2);
  const counts = { valid: 0, refused: 0 };
  for (let i = 0; i < 20_000; i++) {
    const bytes = encodeMessage(sampleAt(Math.floor(random() * samples.length)));
    const changes = 1 + Math.floor(random() * 4);
    for (let change = 0; change < changes; change++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const message = decodedOrRefused(() => decodeMessage(bytes), `mutation ${i} of seed 2`);
    if (message !== null) assertValid(message);
    counts[message === null ? "refused" : "valid"]++;
  }
  assert(counts.valid > 1000 && counts.refused > 1000, `both kinds occur: ${JSON.stringify(counts)}`);
});

Deno.test("20,000 strings of random bytes are valid or refused, as message and as entry", () => {
  const random = randomFrom(3);
  for (let i = 0; i < 20_000; i++) {
    const bytes = new Uint8Array(Math.floor(random() * 24)).map(() => Math.floor(random() * 256));
    // Most would fail at the first byte: make it an array, and often a short one.
    if (bytes.length > 0) bytes[0] = random() < 0.9 ? 0x90 + Math.min(15, bytes.length) : 0xdc + (i % 2);
    const message = decodedOrRefused(() => decodeMessage(bytes), `string ${i} of seed 3`);
    if (message !== null) assertValid(message);
    decodedOrRefused(() => decodeEntry(bytes), `string ${i} of seed 3`);
  }
});

Deno.test("a few bytes that announce gigabytes are refused without making room for them", () => {
  const huge = [0xdd, 0xff, 0xff, 0xff, 0xff];
  // A million nested arrays, each announcing 4,294,967,295 values.
  const nested = new Uint8Array(5_000_000).map((_, index) => huge[index % huge.length] ?? 0);
  const announcements = [
    new Uint8Array(huge),
    nested,
    new Uint8Array([0x91, 0xc6, 0xff, 0xff, 0xff, 0xff]),
    new Uint8Array([0x91, 0xdb, 0xff, 0xff, 0xff, 0xff]),
    new Uint8Array([0x91, 0xdf, 0xff, 0xff, 0xff, 0xff]),
    new Uint8Array(5_000_000).fill(0x9f),
  ];
  for (const bytes of announcements) assertThrows(() => decodeMessage(bytes), CodecError);
});

Deno.test("each refusal names what is wrong", () => {
  const vote = ["b", "a", 3, 1, 1, 0, false];
  const table: readonly (readonly [readonly unknown[], string])[] = [
    [[], "message: ends before kind"],
    [["RequestVote"], "message: kind must be a safe integer from 0 on, not text of 11 characters"],
    [[0, ...vote], "unknown kind of message: 0"],
    [[99, ...vote], "unknown kind of message: 99"],
    [[1], "RequestVote: ends before from"],
    [[1, "b", "a", 3, 1], "RequestVote: ends before lastLogTerm"],
    [[1, ...vote, 1], "RequestVote: 1 values too many"],
    [[1, "", "a", 3, 1, 1], "RequestVote: from must be well-formed text of 1 to 255 characters"],
    [[1, "b", "a".repeat(256), 3, 1, 1], "not text of 256 characters"],
    [[1, "b", "\ud800", 3, 1, 1], "RequestVote: to must be well-formed text"],
    [[1, "b", null, 3, 1, 1], "RequestVote: to must be well-formed text of 1 to 255 characters, not null"],
    [[1, "b", "a", 3.5, 1, 1], "RequestVote: term must be a safe integer from 0 on, not 3.5"],
    [[1, "b", "a", NaN, 1, 1], "RequestVote: term must be a safe integer from 0 on, not NaN"],
    [
      [1, "b", "a", 2 ** 53, 1, 1],
      "RequestVote: term must be a safe integer from 0 on, not 9007199254740992",
    ],
    [[1, "b", "a", 3, -1, 1], "RequestVote: lastLogIndex must be a safe integer from 0 on, not -1"],
    [[1, "b", "a", 3, -0.0, 1], "RequestVote: lastLogIndex must be a safe integer from 0 on, not -0"],
    [[2, "b", "a", 3, 1], "RequestVoteResponse: voteGranted must be true or false, not 1"],
    [[3, "b", "a", 3, 1, 1, 0, 0, 9, 3], "AppendEntries: unknown kind of entry: 9"],
    [[3, "b", "a", 3, 1, 1, 0, 0, 2, 3, 2, "a"], "AppendEntries: ends before voters"],
    [[3, "b", "a", 3, 1, 1, 0, 0, 2, 3, 9e9, "a", 1], "AppendEntries: voters must be well-formed text"],
    [[3, "b", "a", 3, 1, 1, 0, 0, 0], "AppendEntries: ends before term"],
    [[3, "b", "a", 3, 1, 1, 0, 0, 1, 3, "a", 1, 1, "text"], "AppendEntries: command must be bytes, not text"],
    [[3, "b", "a", 3, Number.MAX_SAFE_INTEGER, 1, 0, 0, 0, 3], "the last entry is not a safe integer"],
    [[6, "b", "a", "a", 1], "unknown kind of message: 6"],
    [[16, "b", "a", 1, "a", 1], "Propose: ends before sequence"],
    [[16, "b", "a", 0, "a", 1, 1], "Propose: unknown kind of proposal: 0"],
    [[16, "b", "a", 3, "a", 1, 1, 7, -1], "Propose: sequence must be a safe integer from 0 on, not -1"],
    [[16, "b", "a", 4, "a", 1, 1, 7], "Propose: ends before maxAnswers"],
    [
      [7, "b", "a", "a", 1, new Uint8Array(3)],
      "ProposeRefused: sequence must be a safe integer from 0 on, not 3 bytes",
    ],
    [[1, "b", "a", [3], 1, 1], "0x91 begins something else"],
    [[1, "b", "a", { term: 3 }, 1, 1], "0x81 begins something else"],
    [[1, "b", "a", new Date(0), 1, 1], "0xd6 begins something else"],
  ];
  for (const [values, expected] of table) {
    const error = assertThrows(() => decodeMessage(rawBytes(values)), CodecError);
    assertStringIncludes(error.message, expected);
  }
  const errorOf = (bytes: number[]) =>
    assertThrows(() => decodeMessage(new Uint8Array(bytes)), CodecError).message;
  assertEquals(errorOf([]), "truncated: no bytes");
  assertEquals(errorOf([0x47, 0x45]), "not a MessagePack array: it starts with 0x47");
  assertEquals(errorOf([0xdc, 0x00]), "truncated: no room for the length of the array");
  assertEquals(errorOf([0x92, 0x01]), "truncated: 1 of 2 values");
  assertEquals(errorOf([0x91, 0x01, 0x01]), "trailing bytes after 1 values");
  const entryError = assertThrows(() => decodeEntry(rawBytes([1, 1, "a", 1])), CodecError);
  assertEquals(entryError.message, "log entry: ends before sequence");
});

/** MessagePack of an array, valid for us or not; unlike the library's default it keeps -0. */
function rawBytes(values: readonly unknown[]): Uint8Array {
  const at = values.findIndex((value) => Object.is(value, -0));
  if (at === -1) return new Encoder().encode(values);
  const [before, after] = [
    new Encoder().encode(values.slice(0, at)),
    new Encoder().encode(values.slice(at + 1)),
  ];
  return new Uint8Array([
    0x90 + values.length,
    ...before.subarray(1),
    ...[0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0],
    ...after.subarray(1),
  ]);
}

function sampleAt(index: number): Message {
  const message = samples[index];
  assert(message !== undefined);
  return message;
}

function decodedOrRefused<T>(decode: () => T, what: string): T | null {
  try {
    return decode();
  } catch (error) {
    assert(error instanceof CodecError, `${what}: ${error}`);
    assert(!error.message.includes("\n"), `${what}: a message of one line`);
    return null;
  }
}

/** What is accepted is within the bounds, and survives another round. */
function assertValid(message: Message): void {
  const check = (value: unknown): void => {
    if (typeof value === "number") assert(Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0));
    else if (typeof value === "string") assert(value.length >= 1 && value.length <= maxNodeIdLength);
    else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      Object.values(value).forEach(check);
    } else assert(typeof value === "boolean" || value instanceof Uint8Array);
  };
  check(message);
  assertEquals(decodeMessage(encodeMessage(message)), message);
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomMessage(random: () => number): Message {
  // As many small numbers as large ones.
  const integer = () => Math.floor(random() * 2 ** Math.floor(random() * 53));
  const item = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const node = () =>
    item(["a", "node-2", "ü", "🐢🐢", "x".repeat(1 + Math.floor(random() * maxNodeIdLength))]);
  const list = <T>(make: () => T) => Array.from({ length: item([0, 1, 3, 20]) }, make);
  const bytes = () => new Uint8Array(item([0, 1, 255, 256, 1000])).map(() => random() * 256);
  const id = (): ProposalId => ({ node: node(), incarnation: integer(), sequence: integer() });
  const configuration = (): Configuration => ({
    voters: list(node),
    oldVoters: list(node),
    learners: list(node),
    target: random() < 0.5 ? null : { voters: list(node), learners: list(node) },
    addresses: Object.fromEntries(list(() => [node(), "x".repeat(1 + Math.floor(random() * 99))])),
  });
  const entries: readonly (() => LogEntry)[] = [
    () => ({ type: "noop", term: integer() }),
    () => ({ type: "command", term: integer(), id: id(), command: bytes() }),
    () => ({ type: "configuration", term: integer(), configuration: configuration() }),
  ];
  const entry = (): LogEntry => item(entries)();
  const header = { from: node(), to: node() };
  const term = integer();
  const makers: readonly (() => Message)[] = [
    () => ({
      type: "RequestVote",
      ...header,
      term,
      lastLogIndex: integer(),
      lastLogTerm: integer(),
      priority: integer(),
      isTransfer: random() < 0.5,
    }),
    () => ({ type: "RequestVoteResponse", ...header, term, voteGranted: random() < 0.5 }),
    () => ({
      type: "AppendEntries",
      ...header,
      term,
      prevLogIndex: integer(),
      prevLogTerm: integer(),
      entries: list(entry),
      leaderCommit: integer(),
      round: 0,
    }),
    () => ({
      type: "AppendEntriesResponse",
      ...header,
      term,
      success: true,
      matchIndex: integer(),
      round: 0,
    }),
    () => ({
      type: "AppendEntriesResponse",
      ...header,
      term,
      success: false,
      prevLogIndex: integer(),
      conflictTerm: integer(),
      conflictIndex: integer(),
      round: 0,
    }),
    () => ({ type: "Propose", ...header, proposals: list(() => ({ id: id(), command: bytes() })) }),
    () => ({ type: "ProposeRefused", ...header, ids: list(id) }),
    () => ({
      type: "PreVote",
      ...header,
      nextTerm: term,
      lastLogIndex: integer(),
      lastLogTerm: integer(),
      priority: integer(),
    }),
    () => ({ type: "PreVoteGranted", ...header, nextTerm: term }),
    () => ({ type: "PreVoteRefused", ...header, term }),
    () => ({ type: "TimeoutNow", ...header, term }),
    () => ({ type: "ReadIndex", ...header, ids: list(id) }),
    () => ({ type: "ReadIndexResponse", ...header, ids: list(id), index: integer() }),
    () => ({
      type: "InstallSnapshot",
      ...header,
      term,
      snapshot: { index: integer(), term: integer(), configuration: configuration() },
      offset: Math.floor(integer() / 2),
      data: bytes(),
      isLast: random() < 0.5,
    }),
    () => ({
      type: "InstallSnapshotResponse",
      ...header,
      term,
      index: integer(),
      nextOffset: integer(),
      isDone: random() < 0.5,
    }),
  ];
  return item(makers)();
}
