/** Metrics and spans, as the runtime's own OpenTelemetry prints them. */
import { assert, assertEquals } from "@std/assert";
import { freePorts } from "./free_ports.ts";
import { bytes, lab, leaderLab } from "./node_support.ts";

const program = new URL("telemetry_server.ts", import.meta.url).pathname;

async function run(env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, `${freePorts(2)}`],
    env: { NO_COLOR: "1", ...env },
    signal: AbortSignal.timeout(60_000),
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assertEquals(code, 0, text);
  return text;
}

/** Each metric that docs/operations.md tells of. */
async function documented(): Promise<readonly string[]> {
  const page = await Deno.readTextFile(new URL("../docs/operations.md", import.meta.url));
  return [...page.matchAll(/^\| `(raft\.[a-z_.]+)`/gm)].map(([, name = ""]) => name);
}

/** The samples of a metric, the last ones that were printed: the label set, and what was measured. */
function samplesOf(text: string, metric: string): readonly string[] {
  const blocks = text.split(/^METRIC /m).filter((block) => block.startsWith(`${metric} `));
  return (blocks.at(-1) ?? "").split("\n").filter((line) => line.startsWith("  {"));
}

Deno.test("with OTEL_DENO the runtime prints every metric that the docs tell of, and spans", async () => {
  const text = await run({
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "console",
    OTEL_METRIC_EXPORT_INTERVAL: "100",
  });
  const names = await documented();
  assert(names.length > 15, `the docs tell of ${names}`);
  const missing = names.filter((name) => samplesOf(text, name).length === 0);
  assertEquals(missing, []);
  const printed = new Set([...text.matchAll(/^METRIC (raft\.[a-z_.]+)/gm)].map(([, name]) => name));
  assertEquals([...printed].filter((name) => !names.includes(name!)), [], "the docs tell of it");

  const one = (metric: string, label: string) =>
    samplesOf(text, metric).find((line) => line.includes(label)) ?? "nothing";
  assert(one("raft.propose.duration", "raft.node=b").includes("raft.cluster=measured"));
  assert(/value=\d/.test(one("raft.peer.lag", "raft.peer=")));
  assert(/count=[1-9]/.test(one("raft.commit.duration", "raft.node=")));
  assert(one("raft.propose.duration", "error.type=Aborted").includes("raft.node=b"));
  assert(/SPAN raft\.propose/.test(text), text.slice(0, 2000));
  assert(/SPAN raft\.read/.test(text));
});

Deno.test("without OTEL_DENO nothing is printed", async () => {
  assertEquals(await run({}), "");
});

Deno.test("an observer hears of each operation and its end, and can't stop the node by failing", async () => {
  const heard: string[] = [];
  const { node } = await leaderLab({
    observer: {
      started: (observed) => void heard.push(`started ${observed.status().id}`),
      begin(operation) {
        if (operation.type !== "write") heard.push(`begin ${operation.type}`);
        return (error) => {
          if (operation.type !== "write") {
            heard.push(`end ${operation.type}${error === undefined ? "" : `: ${error}`}`);
          }
          throw new Error("never mind");
        };
      },
      stepped() {
        throw new Error("never mind");
      },
    },
  });
  await node.broadcast(bytes("x"));
  await node.transferLeadership("b").catch(() => {});
  await node.close();
  assertEquals(heard, [
    "started a",
    "begin propose",
    "end propose",
    "begin transferLeadership",
    "end transferLeadership: RaftError: leadership can go to another voter only: see status().members",
  ]);

  const { node: other, clock } = await lab({
    observer: {
      started() {
        throw new Error("never mind");
      },
      begin() {
        throw new Error("never mind");
      },
      stepped() {},
    },
  });
  await clock.advance(600);
  await other.broadcast(bytes("x"));
  await other.close();
});
