/**
 * Frames mutated from valid ones, through the reader of frames, the decoder and the rules of honesty, by seed:
 *
 *     deno task fuzz:codec [FRAMES] [SEED]
 *
 * What is refused is refused by name; what is accepted satisfies the types, and comes back the same from another round.
 */
import { assert, assertEquals } from "@std/assert";
import { CodecError, decodeMessage, encodeMessage, maxAddressLength, maxNodeIdLength } from "../src/codec.ts";
import type { Configuration, Message, NodeId } from "../src/core/mod.ts";
import { frameReader, framesOf, ProtocolError, type Socket } from "../src/transport/frame.ts";
import { dishonesty } from "../src/transport/honesty.ts";
import { messagesOfEveryType } from "./conformance/transport.ts";
import { between, chance, type Random, randomFrom } from "./random.ts";

const maxFrameBytes = 64 * 1024;

/** What came of a run. */
export interface FuzzReport {
  /** How many frames were made. */
  readonly frames: number;
  /** How many were refused as no message. */
  readonly refused: number;
  /** How many were messages that no honest server sends. */
  readonly dishonest: number;
  /** How many of the messages that were accepted were of each type. */
  readonly accepted: Readonly<Record<string, number>>;
}

/** Makes so many frames; rejects at the first that breaks a promise, with the seed and its number. */
export async function fuzzCodec(
  frames: number,
  seed: number,
  onBatch = (_done: number) => {},
): Promise<FuzzReport> {
  const random = randomFrom(seed);
  const samples = messagesOfEveryType("a", "b").map(encodeMessage);
  const report = { frames: 0, refused: 0, dishonest: 0, accepted: {} as Record<string, number> };
  const batch = 1000;
  while (report.frames < frames) {
    const bodies = Array.from(
      { length: Math.min(batch, frames - report.frames) },
      () => mutated(random, samples),
    );
    await readBack(random, bodies);
    for (const body of bodies) {
      report.frames++;
      const message = checked(body, `frame ${report.frames} of seed ${seed}`);
      if (message === null) report.refused++;
      else if (dishonesty(message) !== null) report.dishonest++;
      else report.accepted[message.type] = (report.accepted[message.type] ?? 0) + 1;
    }
    onBatch(report.frames);
  }
  return report;
}

const interesting = [
  0x00,
  0x7f,
  0x80,
  0x90,
  0xa1,
  0xc0,
  0xc2,
  0xc4,
  0xc6,
  0xca,
  0xcb,
  0xcf,
  0xd3,
  0xd9,
  0xdb,
  0xdc,
  0xdd,
  0xdf,
  0xff,
];

/** A valid body with some of it changed; sometimes with none. */
function mutated(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  const pick = () => samples[between(random, 0, samples.length - 1)]!;
  let bytes = pick().slice();
  for (let count = between(random, 0, 4); count > 0; count--) bytes = mutatedOnce(random, bytes, pick());
  return bytes.subarray(0, maxFrameBytes);
}

function mutatedOnce(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = between(random, 0, bytes.length);
  const to = between(random, at, Math.min(bytes.length, at + 12));
  const otherAt = between(random, 0, other.length);
  const part = other.subarray(otherAt, between(random, otherAt, other.length));
  const changed = bytes.slice();
  switch (between(random, 0, 6)) {
    case 0:
      if (at < bytes.length) changed[at]! ^= 1 << between(random, 0, 7);
      return changed;
    case 1:
      if (at < bytes.length) changed[at] = interesting[between(random, 0, interesting.length - 1)]!;
      return changed;
    case 2:
      if (at < bytes.length) changed[at] = between(random, 0, 255);
      return changed;
    case 3: // leave something out
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(to));
    case 4: // say something twice
      return Uint8Array.of(...bytes.subarray(0, to), ...bytes.subarray(at));
    case 5: // a part of another message
      return Uint8Array.of(...bytes.subarray(0, at), ...part, ...bytes.subarray(to));
    default:
      return bytes.slice(0, at);
  }
}

/** All that was framed comes back as it was, however the stream is cut. */
async function readBack(random: Random, bodies: readonly Uint8Array[]): Promise<void> {
  const stream = framesOf(bodies);
  let at = 0;
  const socket: Socket = {
    remote: "fuzz",
    read(buffer) {
      if (at === stream.length) return Promise.resolve(null);
      const most = chance(random, 0.9) ? 10_000 : 10;
      const part = stream.subarray(at, at + Math.min(buffer.length, between(random, 1, most)));
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
    write: ({ length }) => Promise.resolve(length),
    close() {},
  };
  const reader = frameReader(socket);
  let count = 0;
  do {
    for (let body = reader.next(maxFrameBytes); body !== null; body = reader.next(maxFrameBytes)) {
      if (!isSame(body, bodies[count++])) throw new ProtocolError(`frame ${count} is another`);
    }
  } while (await reader.more());
  assertEquals(count, bodies.length);
}

function checked(body: Uint8Array, name: string): Message | null {
  try {
    const message = decodeMessage(body);
    assertWellFormed(message);
    const encoded = encodeMessage(message);
    const again = decodeMessage(encoded);
    assert(isSame(again, message), "decode(encode(m)) is m");
    return message;
  } catch (error) {
    if (error instanceof CodecError && !error.message.includes("\n")) return null;
    throw new Error(`${name}, ${body.toString()}: ${error}`, { cause: error });
  }
}

/** Plain values are the same, bytes included. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) {
    return Object.is(one, other);
  }
  if (one instanceof Uint8Array && other instanceof Uint8Array) {
    return one.length === other.length && one.every((byte, at) => byte === other[at]);
  }
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return Object.getPrototypeOf(one) === Object.getPrototypeOf(other) && keys.length === others.length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(Reflect.get(one, key), Reflect.get(other, key)));
}

/** What the types promise, and what they can't say: integers in range, names of a length, no key that every object has. */
function assertWellFormed(message: Message): void {
  assertName(message.from);
  assertName(message.to);
  switch (message.type) {
    case "AppendEntries":
      for (const entry of message.entries) {
        if (entry.type === "command") assertName(entry.id.node);
        if (entry.type === "configuration") assertConfiguration(entry.configuration);
      }
      break;
    case "InstallSnapshot":
      assertConfiguration(message.snapshot.configuration);
      break;
    case "Propose":
      for (const { id } of message.proposals) assertName(id.node);
      break;
    case "ProposeRefused":
    case "ReadIndex":
    case "ReadIndexResponse":
      for (const { node } of message.ids) assertName(node);
      break;
    default:
      break;
  }
  assertPlain(message);
}

function assertName(name: NodeId): void {
  assert(
    typeof name === "string" && name.length >= 1 && name.length <= maxNodeIdLength,
    "a name of a length",
  );
  assert(name.isWellFormed() && !(name in Object.prototype), "a name that no object has");
}

function assertConfiguration({ voters, oldVoters, learners, target, addresses }: Configuration): void {
  for (const names of [voters, oldVoters, learners, target?.voters ?? [], target?.learners ?? []]) {
    names.forEach(assertName);
  }
  for (const [name, address] of Object.entries(addresses)) {
    assertName(name);
    assert(address.length >= 1 && address.length <= maxAddressLength, "an address of a length");
  }
}

function assertPlain(value: unknown): void {
  switch (typeof value) {
    case "number":
      return assert(
        Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0),
        "a safe integer from 0 on",
      );
    case "string":
    case "boolean":
      return;
    case "object":
      break;
    default:
      throw new Error(`a ${typeof value}`);
  }
  if (value === null || value instanceof Uint8Array) return;
  const prototype = Array.isArray(value) ? Array.prototype : Object.prototype;
  assert(Object.getPrototypeOf(value) === prototype, "plain");
  Object.values(value).forEach(assertPlain);
}

if (import.meta.main) {
  const [frames = 10_000_000, seed = 1] = Deno.args.map(Number);
  console.log(`${frames} frames of seed ${seed}`);
  const report = await fuzzCodec(frames, seed, (done) => {
    if (done % 1_000_000 === 0) console.error(`${done} frames, ${Deno.memoryUsage().rss >> 20} MiB`);
  });
  console.log(report);
}
