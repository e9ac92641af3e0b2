import { assertEquals, assertMatch } from "@std/assert";
import { freePorts } from "./free_ports.ts";

const example = new URL("../examples/dinner.ts", import.meta.url).pathname;
const lines = (place: string, guests: readonly number[] = [0, 1, 2]) =>
  guests.map((guest) => `Guest ${guest}: we'll have dinner at ${place}!`);
const anyLine = /^Guest [012]: we'll have dinner at (.+)!$/;

/** Starts the example. It is killed after a minute, so that no test hangs. */
function start(flags: readonly string[], args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, example, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(60_000),
  }).spawn();
}

async function run(flags: readonly string[], args: readonly string[]) {
  const { code, stdout, stderr } = await start(flags, args).output();
  const decoder = new TextDecoder();
  return {
    code,
    said: decoder.decode(stdout).split("\n").filter((line) => line !== "").sort(),
    stderr: decoder.decode(stderr),
  };
}

/** The place that these guests, and no others, have agreed on. */
function agreed(said: readonly string[], guests?: readonly number[]): string {
  const place = anyLine.exec(said[0] ?? "")?.[1] ?? "nowhere";
  assertEquals(said, lines(place, guests));
  return place;
}

/** A guest in a process of its own. */
interface Guest {
  readonly process: Deno.ChildProcess;
  /** Its decision, as soon as it says one. */
  readonly decision: Promise<string>;
  /** Settles as soon as it has sat down, on stderr. */
  readonly seated: Promise<unknown>;
  readonly done: Promise<{ code: number; said: string[]; stderr: string[] }>;
}

function sit(guest: number, dir: string, port: number): Guest {
  const process = start(["-A"], [`${guest}`, "--dir", dir, "--port", `${port}`]);
  const stdout = linesOf(process.stdout);
  const stderr = linesOf(process.stderr);
  return {
    process,
    decision: stdout.first.then((line) => anyLine.exec(line)?.[1] ?? "nowhere"),
    seated: stderr.first,
    done: Promise.all([process.status, stdout.all, stderr.all])
      .then(([{ code }, said, stderr]) => ({ code, said, stderr })),
  };
}

/** The lines of a stream: the first as soon as it is there, and all in the end. */
function linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const first = Promise.withResolvers<string>();
  const read = async () => {
    let text = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const [line, ...rest] = text.split("\n");
      if (rest.length > 0) first.resolve(line ?? "");
    }
    first.resolve("");
    return text.split("\n").filter((line) => line !== "");
  };
  return { first: first.promise, all: read() };
}

/** Each of these guests has said this place, once, and left in peace. */
async function assertAllLeave(guests: readonly Guest[], place: string): Promise<void> {
  for (const [number, { done }] of guests.entries()) {
    const { code, said, stderr } = await done;
    assertEquals([code, said], [0, lines(place, [number])], stderr.join("\n"));
  }
}

Deno.test("without permissions and without a terminal the guests meet in memory, and say how to get TCP", async () => {
  const { code, said, stderr } = await run([], []);
  agreed(said);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /For TCP: deno run -P=dinner examples\/dinner\.ts/);
  assertMatch(stderr, /nothing is kept on disk/);
});

Deno.test("with permissions the guests meet over TCP, on the ports from 10624 on", async () => {
  const { code, said, stderr } = await run(["-A"], []);
  agreed(said);
  assertEquals(code, 0, stderr);
  assertEquals(/permission/.test(stderr), false, stderr);
});

Deno.test("with the network but without a folder nothing is kept, and the dinner says so", async () => {
  const port = freePorts(3);
  const { code, said, stderr } = await run(["--allow-net"], ["--dir", "dinner", "--port", `${port}`]);
  agreed(said);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /without permission for a folder, so nothing is kept on disk/);
});

Deno.test("three processes agree, though one is killed and started again; who comes late hears the same", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePorts(3);
  const [zero, one] = [sit(0, dir, port), sit(1, dir, port)];
  const place = await zero.decision;
  assertEquals(await one.decision, place);
  // The third isn't there yet, so the two still wait.
  one.process.kill("SIGKILL");
  await one.done;
  const oneAgain = sit(1, dir, port);
  assertEquals(await oneAgain.decision, place);
  await assertAllLeave([zero, oneAgain, sit(2, dir, port)], place);

  // One that was killed at the very end finds nobody any more. It knows the decision, and does not wait for ever.
  const alone = await run(["-A"], ["0", "--dir", dir, "--port", `${port}`]);
  assertEquals([alone.code, alone.said], [0, lines(place, [0])], alone.stderr);
  assertMatch(alone.stderr, /the others can't be reached/);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("processes that are all killed, before and after there is a decision, go on where they were", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePorts(3);
  const killed = async (guest: Guest) => {
    guest.process.kill("SIGKILL");
    await guest.done;
  };
  const early = [0, 1, 2].map((guest) => sit(guest, dir, port));
  await Promise.all(early.map(async (guest) => {
    await guest.seated;
    await killed(guest);
  }));
  const later = [0, 1, 2].map((guest) => sit(guest, dir, port));
  const [place = ""] = await Promise.all(later.map((guest) => guest.decision));
  await Promise.all(later.map(killed));
  await assertAllLeave([0, 1, 2].map((guest) => sit(guest, dir, port)), place);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a guest that is asked to go leaves in peace, whether the others have come or not", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePorts(3);
  const zero = sit(0, dir, port);
  await zero.seated;
  zero.process.kill("SIGTERM");
  assertEquals((await zero.done).code, 0);
  const guests = [0, 1].map((guest) => sit(guest, dir, port));
  const [place = ""] = await Promise.all(guests.map((guest) => guest.decision));
  guests[0]!.process.kill("SIGTERM");
  assertEquals((await guests[0]!.done).code, 0);
  await assertAllLeave([sit(0, dir, port), guests[1]!, sit(2, dir, port)], place);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a port in use is a clear error, and no dinner", async () => {
  const port = freePorts(3);
  const listener = Deno.listen({ hostname: "localhost", port: port + 1 });
  for (const args of [["--port", `${port}`], ["1", "--port", `${port}`]]) {
    const { code, said, stderr } = await run(["-A"], args);
    assertEquals([code, said], [1, []]);
    assertMatch(stderr, new RegExp(`dinner: can't listen on localhost:${port + 1}: the port is in use`));
  }
  listener.close();
});

Deno.test("one guest without the network is told what to do", async () => {
  const { code, stderr } = await run([], ["1"]);
  assertEquals(code, 1);
  assertMatch(stderr, /deno run -P=dinner examples\/dinner\.ts 1/);
});

Deno.test("wrong arguments are named, with the usage", async () => {
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [["3"], /the guest must be 0, 1 or 2, got 3/],
    [["0", "1"], /one guest at most, got 0 1/],
    [["--port", "65534"], /the port must be an integer from 1 to 65533, got "65534"/],
    [["--port"], /the port must be an integer from 1 to 65533, got ""/],
    [["--port", "1.5"], /the port must be an integer from 1 to 65533, got "1.5"/],
    [["--port", "x"], /the port must be an integer from 1 to 65533, got "x"/],
    [["--dir="], /the folder must have a name/],
    [["--frobnicate"], /there is no option --frobnicate/],
  ];
  for (const [args, message] of wrong) {
    const { code, said, stderr } = await run([], args);
    assertEquals([code, said], [64, []], stderr);
    assertMatch(stderr, message);
    assertMatch(stderr, /usage: dinner\.ts/);
  }
});

Deno.test("a folder that can't be used is one clear line", async () => {
  const file = await Deno.makeTempFile();
  const { code, said, stderr } = await run(["-A"], ["--dir", file]);
  await Deno.remove(file);
  assertEquals([code, said], [1, []], stderr);
  assertMatch(stderr, /^dinner: the folder .+ can't be used: .+\n$/);
});

Deno.test("at other ports than the usual ones, the advice is not the set of permissions that names these", async () => {
  const { stderr } = await run([], ["--port", "20000"]);
  assertMatch(stderr, /deno run -A examples\/dinner\.ts --port 20000/);
});
