/** The key-value store of the examples: real processes, killed and started again, with curl and fetch as clients. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePorts } from "./free_ports.ts";

const example = new URL("../examples/kv.ts", import.meta.url).pathname;

/** Starts the example. It is killed after a minute, so that no test hangs. */
function start(...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", example, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(60_000),
  }).spawn();
}

async function curl(...args: readonly string[]): Promise<string> {
  const command = new Deno.Command("curl", { args: ["-s", "-m", "20", "--retry", "0", ...args] });
  return new TextDecoder().decode((await command.output()).stdout);
}

/** Waits until a node answers. */
async function untilUp(url: string): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      await (await fetch(`${url}/keys/none?stale`)).body?.cancel();
      return;
    } catch (error) {
      if (attempt > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** What is wrong with a request is said. */
async function refuseWhatIsWrong(url: string): Promise<void> {
  for (
    const [init, path, status, text] of [
      [{}, "/", 404, /there is \/keys\/KEY and \/session/],
      [{ method: "POST" }, "/keys/x", 405, /GET, PUT or DELETE/],
      [{}, "/keys/%ff", 400, /the key is no URL text/],
      [
        { method: "PUT", body: "x", headers: { session: "x" } },
        "/keys/x",
        400,
        /^InvalidOptions: session: expected something like 7\/1/,
      ],
      [{ method: "PUT", body: "x", headers: { session: "999/1" } }, "/keys/x", 410, /^SessionExpired: /],
      [
        { method: "PUT", body: "x", headers: { "if-match": "x" } },
        "/keys/x",
        400,
        /^InvalidOptions: if-match: /,
      ],
      [{ method: "PUT", body: new Uint8Array([0xff]) }, "/keys/x", 400, /the value is not UTF-8/],
      [{ method: "PUT", body: "x".repeat(2 << 20) }, "/keys/x", 413, /^TooLarge: /],
    ] as const
  ) {
    const response = await fetch(url + path, init);
    assertEquals([response.status, text.test(await response.text())], [status, true], path);
  }
}

Deno.test("three nodes by one command: put, get, compare-and-set and delete by curl; SIGTERM, and all is there again", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePorts(6);
  const urls = [0, 1, 2].map((at) => `http://localhost:${port + at}`);
  const [a, b, c] = urls as [string, string, string];
  const args = ["--dir", `${dir}/kv`, "--port", `${port}`];
  const nodes = start(...args);
  await Promise.all(urls.map(untilUp));
  const put = await curl("-i", "-X", "PUT", "-d", "hello", `${a}/keys/greeting`);
  const etag = /etag: ("\d+")/.exec(put)?.[1] ?? "none";
  assertMatch(put, /^HTTP\/1.1 204/);
  assertEquals(await curl(`${b}/keys/greeting`), "hello");
  assertMatch(await curl("-i", `${c}/keys/greeting`), new RegExp(`etag: ${etag}`));
  const swap = ["-i", "-X", "PUT", "-H", `if-match: ${etag}`, "-d", "bye", `${b}/keys/greeting`];
  assertMatch(await curl(...swap), /^HTTP\/1.1 204/);
  assertMatch(await curl(...swap), /^HTTP\/1.1 412/);
  assertMatch(
    await curl("-i", "-X", "PUT", "-H", "if-none-match: *", "-d", "x", `${a}/keys/greeting`),
    /^HTTP\/1.1 412/,
  );
  assertMatch(await curl("-i", "-X", "DELETE", `${c}/keys/greeting`), /^HTTP\/1.1 204/);
  assertMatch(await curl("-i", `${a}/keys/greeting`), /^HTTP\/1.1 404/);
  await curl("-X", "PUT", "-d", "kept", `${a}/keys/${encodeURIComponent("a key/ü")}`);
  const session = (await curl("-X", "POST", `${a}/session`)).trim();
  const once = ["-i", "-X", "PUT", "-H", `session: ${session}/1`, "-d", "1"];
  const tags = await Promise.all(
    urls.map(async (url) => /etag: (.*)\r/.exec(await curl(...once, `${url}/keys/n`))?.[1]),
  );
  assertEquals(new Set(tags).size, 1, "the same command of a session, at three nodes");
  await refuseWhatIsWrong(a);
  nodes.kill("SIGTERM");
  assertEquals((await nodes.status).code, 0);
  const again = start(...args);
  await Promise.all(urls.map(untilUp));
  assertEquals(await curl(`${b}/keys/${encodeURIComponent("a key/ü")}`), "kept");
  const later = /etag: (.*)\r/.exec(await curl(...once, `${c}/keys/n`))?.[1];
  assertEquals(later, tags[0], "also after all have started again");
  again.kill("SIGTERM");
  assertEquals((await again.status).code, 0);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("nodes are killed (-9) and started again under load: no increment is lost, none counted twice", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePorts(6);
  const names = ["a", "b", "c"];
  const urls = names.map((_, at) => `http://localhost:${port + at}`);
  const common = ["--dir", dir, "--port", `${port}`];
  const processes = names.map((name) => start(name, ...common, "--first"));
  await Promise.all(urls.map(untilUp));

  let sent = 0;
  /** Sends the same request to one node after the other until one answers. */
  async function send(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; etag: string; text: string }> {
    for (let at = sent++, attempt = 0;; at++, attempt++) {
      try {
        const signal = AbortSignal.timeout(3000);
        const response = await fetch(`${urls[at % 3]}${path}`, { ...init, signal });
        const text = await response.text();
        if (response.status < 500) {
          return { status: response.status, etag: response.headers.get("etag") ?? "", text };
        }
      } catch {
        // It was killed: another one may answer.
      }
      if (attempt > 100) throw new Error("nobody answers");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  await send("/keys/n", { method: "PUT", body: "0" });
  let running = true;
  let increments = 0;
  const client = async () => {
    const session = (await send("/session", { method: "POST" })).text.trim();
    for (let sequence = 1; running; sequence++) {
      const { text, etag } = await send("/keys/n");
      const headers = { "if-match": etag, session: `${session}/${sequence}` };
      const { status } = await send("/keys/n", { method: "PUT", body: `${Number(text) + 1}`, headers });
      if (status === 204) increments++;
      else assertEquals(status, 412);
    }
  };
  const clients = Promise.all([client(), client(), client()]);
  for (const [at, name] of names.entries()) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    processes[at]!.kill("SIGKILL");
    await processes[at]!.status;
    processes[at] = start(name, ...common);
    await untilUp(urls[at]!);
  }
  running = false;
  await clients;
  assertEquals((await send("/keys/n")).text, `${increments}`);
  assert(increments > 50, `${increments} increments`);
  for (const process of processes) process.kill("SIGTERM");
  for (const process of processes) assertEquals((await process.status).code, 0);
  await Deno.remove(dir, { recursive: true });
});
