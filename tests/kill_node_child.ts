/**
 * A cluster of one that proposes numbers until it is killed: kill_node_child.ts ENGINE FOLDER NUMBER. Says on stdout what its
 * state machine has applied when it has restarted, then when each number is proposed and acknowledged.
 */
import { memoryNetwork } from "../src/transport/memory.ts";
import { RaftNode } from "../src/node.ts";
import { type Engine, engines } from "./engines.ts";

const [engine = "", folder = "", last = ""] = Deno.args;
const encoder = new TextEncoder();
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));
const atOnce = 8;
const proposalsPerSnapshot = 100;

let applied: number[] = [];
const node = await RaftNode.start({
  id: "a",
  peers: [],
  bootstrap: true,
  transport: memoryNetwork().transport(),
  storage: engines[engine as Engine](folder),
  electionTimeoutMs: [10, 20],
  heartbeatMs: 5,
  keptEntries: 20,
  stateMachine: {
    apply: (command) => applied.push(Number(new TextDecoder().decode(command))),
    query: () => applied,
    snapshot: () => ReadableStream.from([encoder.encode(JSON.stringify(applied))]),
    restore: async (content) => void (applied = await new Response(content).json()),
  },
});
await node.read(new Uint8Array());
say(`found ${applied.join(",")}`);

let number = Number(last);
async function propose(): Promise<never> {
  for (;;) {
    const mine = ++number;
    say(`proposed ${mine}`);
    await node.propose(encoder.encode(`${mine}`));
    say(`acknowledged ${mine}`);
    if (mine % proposalsPerSnapshot === 0) await node.snapshot();
  }
}
await Promise.all(Array.from({ length: atOnce }, propose));
