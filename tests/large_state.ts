/**
 * Installs a large state on a node that joins, and measures how much memory that needs. What is measured is what is alive
 * after a collection of garbage, again and again in the midst of it: neither what the collector hasn't looked at yet, nor
 * what the state machine itself would hold, as this one makes its state up and only compares what it is given.
 *
 *     deno run -A --v8-flags=--expose-gc tests/large_state.ts MEGABYTES
 */
import { wal } from "../src/deno.ts";
import { RaftNode } from "../src/node.ts";
import type { SingleStateMachine, Transport } from "../src/ports.ts";
import { memoryNetwork } from "../src/transport/memory.ts";

const megabyte = 1 << 20;
const pieceBytes = megabyte / 4;

/** Collects garbage, and says how many bytes are alive. Buffers of which one round lets go are only gone after the next. */
function liveBytes(): number {
  const { gc } = globalThis as unknown as { gc(): void };
  gc();
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** The most bytes alive at any of the moments at which it was looked. */
function watermark() {
  const baseline = liveBytes();
  let peak = baseline;
  return {
    look: () => void (peak = Math.max(peak, liveBytes())),
    grownBy: () => peak - baseline,
  };
}

/** A state machine of so many bytes, each piece another. */
function large(
  pieces: number,
  onPiece: (piece: number) => void,
): SingleStateMachine<number> & { restored: number } {
  const pieceAt = (piece: number) => {
    const bytes = new Uint32Array(pieceBytes / 4);
    for (let at = 0; at < bytes.length; at++) bytes[at] = piece * 0x9e3779b1 + at;
    return new Uint8Array(bytes.buffer);
  };
  const machine = {
    restored: 0,
    apply: () => 0,
    snapshot() {
      let piece = 0;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (piece === pieces) return controller.close();
          onPiece(piece);
          controller.enqueue(pieceAt(piece++));
        },
      }, { highWaterMark: 0 });
    },
    async restore(content: ReadableStream<Uint8Array>) {
      let at = 0;
      let expected = pieceAt(0);
      for await (const chunk of content) {
        for (let from = 0; from < chunk.length;) {
          const offset = at % pieceBytes;
          if (offset === 0) {
            expected = pieceAt(at / pieceBytes);
            onPiece(at / pieceBytes);
          }
          const length = Math.min(chunk.length - from, pieceBytes - offset);
          const [got, wanted] = [
            chunk.subarray(from, from + length),
            expected.subarray(offset, offset + length),
          ];
          if (differs(got, wanted)) throw new Error(`byte ${at} or one soon after it is another`);
          from += length;
          at += length;
        }
      }
      machine.restored = at;
    },
  };
  return machine;
}

function differs(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return true;
  return false;
}

const megabytes = Number(Deno.args[0] ?? "50");
const pieces = megabytes * megabyte / pieceBytes;
const dir = await Deno.makeTempDir();
const network = memoryNetwork();
const every = Math.max(8, Math.floor(pieces / 100));
let look = () => {};
const machines = { a: large(pieces, onPiece), b: large(pieces, onPiece) };
function onPiece(piece: number): void {
  if (piece % every === 0) look();
}
let chunks = 0;
/** Looks at the memory while chunks are on their way, too. */
const transport: Transport = {
  async open(context) {
    const connection = await network.transport().open(context);
    return {
      ...connection,
      send(message) {
        if (message.type === "InstallSnapshot") onPiece(chunks++);
        connection.send(message);
      },
    };
  },
};
const start = (id: "a" | "b") =>
  RaftNode.start({
    id,
    peers: id === "a" ? [] : ["a"],
    ...(id === "a" ? { bootstrap: true } : { join: true }),
    transport,
    storage: wal({ path: `${dir}/${id}` }),
    stateMachine: machines[id],
    keptEntries: 0,
  });
try {
  const a = await start("a");
  await a.broadcast(new Uint8Array(1));
  const mark = watermark();
  look = mark.look;
  const began = performance.now();
  await a.snapshot();
  const taken = performance.now();
  let b = await start("b");
  // A learner: however slow the machine is, a leads on.
  await a.changeMembership({ voters: ["a"], learners: ["b"] }, { timeoutMs: 3_600_000 });
  await b.broadcast(new Uint8Array(1), { timeoutMs: 3_600_000 });
  const installed = performance.now();
  await b.close();
  machines.b.restored = 0;
  b = await start("b");
  const restarted = performance.now();
  console.log(JSON.stringify({
    megabytes,
    chunks,
    restoredBytes: machines.b.restored,
    grownByBytes: mark.grownBy(),
    rssBytes: Deno.memoryUsage().rss,
    takenMs: Math.round(taken - began),
    installedMs: Math.round(installed - taken),
    restartedMs: Math.round(restarted - installed),
  }));
  await Promise.all([a.close(), b.close()]);
} finally {
  await Deno.remove(dir, { recursive: true });
}
