/** A leader and a follower on TCP, with telemetry, for a second: `telemetry_server.ts PORT`. */
import { memoryStorage, RaftNode } from "../mod.ts";
import { tcp } from "../src/deno.ts";
import { openTelemetry } from "../src/telemetry.ts";

const port = Number(Deno.args[0]);
const addresses = { a: { hostname: "localhost", port }, b: { hostname: "localhost", port: port + 1 } };
const start = (id: "a" | "b") =>
  RaftNode.start({
    id,
    clusterId: "measured",
    peers: ["a", "b"],
    bootstrap: true,
    transport: tcp({ listen: addresses[id], peers: addresses }),
    storage: memoryStorage(),
    stateMachine: {
      apply: (command) => command.byteLength,
      query: (query) => query.byteLength,
      snapshot: () => new Blob().stream(),
    },
    observer: openTelemetry(),
  });
const nodes = await Promise.all([start("a"), start("b")]);
for (let at = 0; at < 20; at++) await nodes[at % 2]!.propose(new Uint8Array(at));
await nodes[0]!.read(new Uint8Array());
await nodes[0]!.snapshot();
await nodes[1]!.propose(new Uint8Array(), { signal: AbortSignal.abort() }).catch(() => {});
const leader = nodes.find((node) => node.status().role === "leader")!;
await leader.changeMembership({ voters: ["a", "b"] });
await leader.transferLeadership();
await new Promise((resolve) => setTimeout(resolve, 500));
await Promise.all(nodes.map((node) => node.close()));
