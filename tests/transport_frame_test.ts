import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type FrameReader,
  frameReader,
  framesOf,
  ProtocolError,
  type Socket,
} from "../src/transport/frame.ts";
import { sendQueue } from "../src/transport/queue.ts";

Deno.test("frames arrive as they were, however the stream is cut", async () => {
  const random = randomFrom(1);
  for (let run = 0; run < 15; run++) {
    const lengths = Array.from({ length: 20 }, () => Math.floor(random() * [10, 1000, 70_000][run % 3]!));
    const bodies = lengths.map((length) => new Uint8Array(length).map((_, index) => index + length));
    const cuts = [1, 5, 1000, 65536, 1_000_000];
    const socket = socketThatBrings(
      framesOf(bodies),
      () => 1 + Math.floor(random() * cuts[run % cuts.length]!),
    );
    // Comparing numbers, not arrays: an array of a megabyte is slow to compare.
    assertEquals(
      (await allFrames(frameReader(socket))).map(summary),
      bodies.map(summary),
      `run ${run} of seed 1`,
    );
  }
});

Deno.test("small frames arrive as they were after one of several megabytes", async () => {
  const bodies = [
    new Uint8Array([1]),
    new Uint8Array(3_000_000).fill(2),
    new Uint8Array([3]),
    new Uint8Array(),
  ];
  const frames = await allFrames(frameReader(socketThatBrings(framesOf(bodies), () => 100_000)));
  assertEquals(frames.map(summary), bodies.map(summary));
});

Deno.test("a frame may have the longest length allowed, and not a byte more", async () => {
  const read = (length: number) => {
    const socket = socketThatBrings(framesOf([new Uint8Array(length)]), () => 100);
    return allFrames(frameReader(socket), 1000);
  };
  assertEquals((await read(1000)).length, 1);
  await assertRejects(
    () => read(1001),
    ProtocolError,
    "a frame of 1001 bytes, longer than the 1000 bytes allowed",
  );
});

Deno.test("a length with its highest bit set is long, not negative", async () => {
  const socket = socketThatBrings(new Uint8Array([255, 255, 255, 255]), () => 4);
  await assertRejects(() => allFrames(frameReader(socket)), ProtocolError, "a frame of 4294967295 bytes");
});

Deno.test("a queue gives what fits, and at least one", () => {
  const queue = sendQueue({ maxMessages: 10, maxBytes: 100 });
  for (const length of [5, 3, 3, 50, 1]) queue.push(new Uint8Array(length), false);
  const taken = () => queue.take(10).map(({ length }) => length);
  assertEquals([taken(), taken(), taken(), taken()], [[5, 3], [3], [50], [1]]);
  assertEquals(taken(), []);
});

Deno.test("a queue drops the oldest, by count and by bytes", () => {
  const queue = sendQueue({ maxMessages: 3, maxBytes: 10 });
  for (const length of [1, 2, 3, 4]) queue.push(new Uint8Array(length), false);
  assertEquals(queue.length, 3);
  queue.push(new Uint8Array(5), false);
  assertEquals(queue.take(100).map(({ length }) => length), [4, 5]);
  // What was taken leaves its room.
  queue.push(new Uint8Array(10), false);
  assertEquals(queue.length, 1);
});

/** Brings these bytes, in pieces of the given lengths. */
function socketThatBrings(bytes: Uint8Array, nextLength: () => number): Socket {
  let at = 0;
  return {
    remote: "test",
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      assert(buffer.length > 0, "there is room to read into");
      const piece = bytes.subarray(at, at + Math.min(nextLength(), buffer.length));
      buffer.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length);
    },
    write: () => Promise.reject(new Error("not written to")),
    close() {},
  };
}

async function allFrames(reader: FrameReader, maxBytes = 10_000_000): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  do {
    for (let body = reader.next(maxBytes); body !== null; body = reader.next(maxBytes)) {
      frames.push(body.slice());
    }
  } while (await reader.more());
  return frames;
}

function summary(bytes: Uint8Array): string {
  return `${bytes.length} ${bytes.reduce((hash, byte) => (hash * 31 + byte) | 0, 7)}`;
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
