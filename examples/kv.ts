/**
 * A replicated key-value store over HTTP: linearizable, and any node answers.
 *
 *     deno run -A examples/kv.ts --dir DIR               three nodes, each a process, on ports 8001 to 8003
 *     deno run -A examples/kv.ts a --dir DIR --first     one of them, in a terminal of its own; later without --first
 *
 *     curl -X PUT -d hello localhost:8001/keys/greeting                       put
 *     curl -i localhost:8002/keys/greeting                                    get: the etag is its version
 *     curl -X PUT -H 'if-match: "5"' -d bye localhost:8003/keys/greeting      compare-and-set
 *     curl -X DELETE localhost:8001/keys/greeting                             delete
 *
 * Who must not do a thing twice opens a session and numbers what it sends: then the same may be sent again, to any node.
 *
 *     curl -X POST localhost:8001/session                                     its id, such as 7
 *     curl -X PUT -H 'session: 7/1' -d 100 localhost:8002/keys/balance        command 1 of session 7
 *
 * Kill any node (-9), start it again, and it goes on where it was. SIGTERM stops a node, or all three, gracefully.
 */
import { parseArgs } from "@std/cli";
import { type ClientSession, logLine, RaftError, RaftNode, type SingleStateMachine } from "../mod.ts";
import { tcp, wal } from "../src/deno.ts";

/** What changes the store. `ifVersion`: only if the key has this version; null: only if there is no such key. */
interface Command {
  readonly key: string;
  /** The new value; null to delete the key. */
  readonly value: string | null;
  readonly ifVersion?: number | null;
}

/** What a key has: the version is the index of the command that set it. */
interface Entry {
  readonly value: string;
  readonly version: number;
}

/** What became of a command, and what the key has now; null if there is no such key. */
interface Outcome {
  readonly done: boolean;
  readonly entry: Entry | null;
}

const text = new TextDecoder();
const bytes = (value: string) => new TextEncoder().encode(value);

/** The replicated state: what every node does with the same commands in the same order. */
function store(): SingleStateMachine<Outcome> {
  const entries = new Map<string, Entry>();
  return {
    apply(command, index) {
      const { key, value, ifVersion }: Command = JSON.parse(text.decode(command));
      const before = entries.get(key) ?? null;
      if (ifVersion !== undefined && ifVersion !== (before?.version ?? null)) {
        return { done: false, entry: before };
      }
      if (value === null) entries.delete(key);
      else entries.set(key, { value, version: index });
      return { done: value !== null || before !== null, entry: entries.get(key) ?? null };
    },
    query: (key) => entries.get(text.decode(key)) ?? null,
    snapshot: () => new Blob([JSON.stringify([...entries])]).stream(),
    async restore(content) {
      entries.clear();
      const restored: [string, Entry][] = await new Response(content).json();
      for (const [key, entry] of restored) entries.set(key, entry);
    },
  };
}

/** A node, and the session in which it proposes what comes without one. */
interface Served {
  readonly node: RaftNode<Outcome>;
  readonly own: ClientSession<Outcome>;
}

/** Answers a request. */
async function answer({ node, own }: Served, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/session" && request.method === "POST") {
    return new Response(`${(await node.openSession()).id}\n`, { status: 201 });
  }
  const [, encoded] = /^\/keys\/(.+)$/.exec(pathname) ?? [];
  if (encoded === undefined) return new Response("there is /keys/KEY and /session\n", { status: 404 });
  const key = decodeURIComponent(encoded);
  switch (request.method) {
    case "GET": {
      const entry = await node.read(bytes(key), { stale: searchParams.has("stale") }) as Entry | null;
      if (entry === null) return new Response("there is no such key\n", { status: 404 });
      return new Response(entry.value, { headers: { etag: `"${entry.version}"` } });
    }
    case "PUT":
    case "DELETE": {
      const value = request.method === "PUT" ? textOf(await request.bytes()) : null;
      const command = bytes(JSON.stringify({ key, value, ...condition(request.headers) }));
      const session = sessionOf(request.headers);
      const outcome = await (session === null ? own.propose(command) : node.propose(command, { session }));
      return outcomeResponse(outcome, request.method);
    }
    default:
      return new Response("GET, PUT or DELETE\n", { status: 405, headers: { allow: "GET, PUT, DELETE" } });
  }
}

function outcomeResponse({ done, entry }: Outcome, method: "PUT" | "DELETE"): Response {
  if (done) return new Response(null, { status: 204, headers: entry ? { etag: `"${entry.version}"` } : {} });
  const isMissing = entry === null && method === "DELETE";
  return new Response(isMissing ? "there is no such key\n" : "it has another version\n", {
    status: isMissing ? 404 : 412,
  });
}

/** A value travels as JSON, so it must be text. */
function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new RaftError("InvalidOptions", "the value is not UTF-8");
  }
}

/** What the version must be: `if-match: "5"`, or `if-none-match: *` for a key that there must not be yet. */
function condition(headers: Headers): Pick<Command, "ifVersion"> {
  if (headers.get("if-none-match") === "*") return { ifVersion: null };
  const [ifVersion] = numbersIn(headers, "if-match", /^"(\d+)"$/, '"5", with the quotes') ?? [];
  return ifVersion === undefined ? {} : { ifVersion };
}

/** `session: 7/2` is command 2 of session 7, of a client that sends one after the other. */
function sessionOf(headers: Headers) {
  const [session = 0, sequence = 0] =
    numbersIn(headers, "session", /^(\d+)\/([1-9]\d*)$/, "7/1: the id, and 1, 2, ...") ?? [];
  return session === 0 ? null : { session, sequence, firstUnanswered: sequence };
}

/** The numbers in a header of this form; null if there is no such header. */
function numbersIn(headers: Headers, name: string, form: RegExp, example: string): readonly number[] | null {
  const header = headers.get(name);
  const match = header === null ? null : form.exec(header);
  if (header !== null && match === null) {
    throw new RaftError("InvalidOptions", `${name}: expected something like ${example}; got ${header}`);
  }
  return match?.slice(1).map(Number) ?? null;
}

/** An error as a response: 503 means that another node, or this one later, may do better. */
function refusal(error: unknown): Response {
  if (error instanceof URIError) return new Response("the key is no URL text\n", { status: 400 });
  if (!(error instanceof RaftError)) throw error;
  const { code, message, outcome } = error;
  const status = { InvalidOptions: 400, SessionExpired: 410, TooLarge: 413 }[code as string] ?? 503;
  return new Response(`${code}: ${message}\n`, { status, headers: { outcome } });
}

const names = ["a", "b", "c"];
const hostname = "localhost";

/** Serves one node until SIGTERM or SIGINT. */
async function serve(name: string, { dir, port, first }: Wish): Promise<void> {
  const raftPort = (peer: string) => port + names.length + names.indexOf(peer);
  const log = (line: string) => console.error(line);
  const node = await RaftNode.start({
    id: name,
    clusterId: "kv",
    peers: names,
    bootstrap: first,
    transport: tcp({
      listen: { hostname, port: raftPort(name) },
      peers: Object.fromEntries(names.map((peer) => [peer, { hostname, port: raftPort(peer) }])),
    }),
    storage: wal({ path: `${dir}/${name}` }),
    stateMachine: store(),
    snapshotAfterEntries: 10_000,
    log: (record) => log(logLine(record)),
  });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.abort());
  node.stopped.then(() => stop.abort());
  try {
    // As soon as there is a leader.
    const own = await node.openSession({ timeoutMs: 86_400_000, signal: stop.signal });
    const handler = (request: Request) => answer({ node, own }, request).catch(refusal);
    const onListen = () => log(`node ${name} answers on http://${hostname}:${port + names.indexOf(name)}`);
    const server = Deno.serve(
      { hostname, port: port + names.indexOf(name), signal: stop.signal, onListen },
      handler,
    );
    await server.finished;
    const { health } = node.status();
    if (health.type === "failed") throw health.error;
  } finally {
    await node.close({ drainMs: 5000 });
  }
}

/** Serves three nodes, each in a process of its own, and hands on SIGTERM and SIGINT. */
async function serveAll({ dir, port, first }: Wish): Promise<number> {
  const processes = names.map((name) => {
    const args = ["run", "-A", import.meta.filename!, name, "--dir", dir, "--port", `${port}`];
    return new Deno.Command(Deno.execPath(), { args: first ? [...args, "--first"] : args }).spawn();
  });
  const running = new Set(processes);
  for (const process of processes) process.status.then(() => running.delete(process));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => running.forEach((process) => process.kill(signal)));
  }
  const statuses = await Promise.all(processes.map((process) => process.status));
  return Math.max(...statuses.map(({ code }) => code));
}

/** What was typed. */
interface Wish {
  /** Where the nodes keep what they must not forget: a folder each. */
  readonly dir: string;
  /** The HTTP port of the first node; the next two, and then three for Raft, follow. */
  readonly port: number;
  /** Whether an empty folder may begin a new cluster. */
  readonly first: boolean;
}

async function main(args: string[]): Promise<number> {
  const { _: [name], dir, port, first } = parseArgs(args, {
    string: ["_", "dir", "port"],
    boolean: ["first"],
    default: { port: "8001" },
  });
  if (!dir || !/^\d+$/.test(`${port}`) || (name !== undefined && !names.includes(`${name}`))) {
    console.error("usage: kv.ts [a|b|c] --dir DIR [--port PORT] [--first]");
    console.error("  --first  begins a new cluster: for one node that is started the first time ever");
    return 64;
  }
  const wish: Wish = { dir: `${dir}`, port: Number(port), first: first === true };
  // Three at once know by the folder; one alone can't know whether its disk was lost.
  if (name === undefined) return await serveAll({ ...wish, first: wish.first || !await exists(wish.dir) });
  try {
    await serve(`${name}`, wish);
    return 0;
  } catch (error) {
    if (!(error instanceof RaftError)) throw error;
    // Whoever is stopped before there was a leader has done nothing wrong.
    if (error.code === "Aborted") return 0;
    const advice = error.code === "NotBootstrapped" ? " Here that is --first." : "";
    console.error(`kv: ${error.message}${advice}`);
    return 1;
  }
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

if (import.meta.main) Deno.exit(await main(Deno.args));
