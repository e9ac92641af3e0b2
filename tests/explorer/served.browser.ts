/** The explorer as people start it: the command, its flags, and a folder of files on any web server. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Browser } from "playwright-core";
import { command, withFiles } from "../spec/cli_support.ts";
import { freePorts } from "../free_ports.ts";
import { startChromium, type Visitor, visitorOf } from "./chromium.ts";

const permissions = ["-R", "-W", "-N=127.0.0.1"];

/** Where people stand who type the command; what they wrote is there. */
const kettle = (label: string) => `
import { eventually, spec, weak } from "@quorate/raft/spec";
export default spec<{ degrees: number; on: boolean }>("kettle", () => ({
  init: { degrees: 98, on: false },
  actions: {
    ${label}: (s) => void (s.on = !s.on),
    Heat: (s) => s.on && s.degrees < 100 && void s.degrees++,
  },
  fairness: [weak("${label}")],
  properties: [eventually("it boils", "some day it boils", ({ degrees }) => degrees === 100)],
}));
`;

/** The command under way. */
interface Explorer {
  /** The address that it printed. */
  readonly url: string;
  /** Waits until it has written this to stderr, anew. */
  noted(text: string): Promise<void>;
}

/** Starts the command, and ends it by a signal once `use` is done. It must end well. */
async function withExplorer(
  args: readonly string[],
  cwd: string,
  use: (explorer: Explorer) => Promise<void>,
): Promise<void> {
  const child = command(["explore", ...args], cwd, permissions).spawn();
  const [lines, notes] = [child.stdout, child.stderr].map((stream) =>
    stream.pipeThrough(new TextDecoderStream()).getReader()
  );
  const all: string[] = [];
  let fresh = "";
  async function until(reader: typeof lines, text: string): Promise<void> {
    while (!fresh.includes(text)) {
      const { value, done } = await reader!.read();
      if (done) throw new Error(`explore ended, and never wrote ${text}: ${all.join("")}`);
      all.push(value);
      fresh += value;
    }
  }
  try {
    await until(lines, "\n");
    const url = fresh.trim();
    await use({
      url,
      async noted(text) {
        fresh = "";
        await until(notes, text);
      },
    });
  } finally {
    child.kill("SIGINT");
    const { code } = await child.status;
    for (let rest = await notes!.read(); !rest.done; rest = await notes!.read()) all.push(rest.value);
    await lines!.cancel();
    assertEquals([code, all.join("").includes("bug")], [0, false]);
  }
}

/** A page in a browser of its own. */
async function withPage(url: string, use: (visitor: Visitor) => Promise<void>): Promise<void> {
  let browser: Browser | null = null;
  try {
    browser = await startChromium();
    const visitor = await visitorOf(browser, url);
    await use(visitor);
    visitor.check();
    await visitor.close();
  } finally {
    await browser?.close();
  }
}

function servedTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

servedTest("a spec of the user's opens first, its loop is found and drawn as one", async () => {
  await withFiles({ "kettle.ts": kettle("Switch") }, async (folder) => {
    await withExplorer(["./kettle.ts", "--port", String(freePorts(1))], folder, async ({ url }) => {
      assertMatch(url, /^http:\/\/localhost:\d+\/#spec=\.%2Fkettle\.ts$/);
      await withPage(url, async ({ page }) => {
        await page.goto(url);
        await page.locator('button[data-step="Switch"]').waitFor();
        const row = page.locator("li.property", { hasText: "it boils" });
        await row.locator("summary").click();
        await row.getByRole("button", { name: /^Find a counterexample/ }).click();
        await page.waitForURL(/&loop=2/);
      });
    });
  });
});

servedTest("--watch: what is saved is loaded anew; what is wrong is said, and the page stays", async () => {
  await withFiles({ "kettle.ts": kettle("Switch") }, async (folder) => {
    const args = ["./kettle.ts", "--port", String(freePorts(1)), "--watch"];
    await withExplorer(args, folder, async ({ url, noted }) => {
      await withPage(url, async ({ page }) => {
        const save = (text: string) => Deno.writeTextFile(join(folder, "kettle.ts"), text);
        await page.goto(url);
        await page.locator('button[data-step="Switch"]').waitFor();
        await save(kettle("Press"));
        await page.locator('button[data-step="Press"]').waitFor();
        await save("export default spec(");
        await noted("error: the page can't be made: ");
        await page.locator('button[data-step="Press"]').waitFor();
        // It compiles, and throws as soon as it is loaded: the page says so, and has the catalog still.
        await save("throw new Error('cold');");
        await page.getByRole("alert").getByText("./kettle.ts can't be loaded: Error: cold").waitFor();
        await save(kettle("Ignite"));
        await page.locator('button[data-step="Ignite"]').waitFor();
      });
    });
  });
});

servedTest("--build: the folder is a page on any web server, in any folder of it", async () => {
  await withFiles({}, async (folder) => {
    const { code, stdout } = await command(["explore", "--build", "site"], folder, permissions).output();
    assertEquals(code, 0);
    assertStringIncludes(new TextDecoder().decode(stdout), join(folder, "site"));
    const types: Readonly<Record<string, string>> = {
      html: "text/html",
      js: "text/javascript",
      css: "text/css",
    };
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const [, path] = /^\/deep\/down\/(.*)$/.exec(new URL(request.url).pathname) ?? [];
      if (path === undefined) return new Response("elsewhere", { status: 404 });
      const file = path === "" ? "index.html" : path;
      const body = await Deno.readFile(join(folder, "site", file));
      return new Response(body, {
        headers: { "content-type": types[file.split(".").at(-1)!] ?? "text/plain" },
      });
    });
    try {
      await withPage(`http://localhost:${server.addr.port}/deep/down/`, async (visitor) => {
        await visitor.open({ mutant: "vote-twice" });
        const row = visitor.page.locator("li.property", { hasText: "Election Safety" });
        await row.locator("summary").click();
        await row.getByRole("button", { name: /^Find a counterexample/ }).click();
        await row.getByText("Found: it is shown").waitFor();
      });
    } finally {
      await server.shutdown();
    }
  });
});

servedTest("another free port is taken if 3000 is not free; a port that was asked for must be", async () => {
  await withFiles({}, async (folder) => {
    await withExplorer([], folder, async ({ url: first }) => {
      await withExplorer([], folder, async ({ url: second, noted }) => {
        assert(first !== second);
        await noted("lead to port 3000: put this one in its place");
        const { status, body } = await fetch(second);
        assertEquals(status, 200);
        await body?.cancel();
        const port = new URL(second).port;
        const taken = await command(["explore", "--port", port], folder, permissions).output();
        assertEquals([taken.code, new TextDecoder().decode(taken.stdout)], [64, ""]);
        assertStringIncludes(new TextDecoder().decode(taken.stderr), `port ${port} is taken`);
      });
    });
  });
});

const wrong: readonly (readonly [args: readonly string[], message: string])[] = [
  [["nosuch"], "there is no spec nosuch"],
  [["./nosuch.ts"], "there is no file ./nosuch.ts"],
  [["--port", "0"], "--port takes a port: 1 to 65535"],
  [["--port", "70000"], "--port takes a port: 1 to 65535"],
  [["--build", "site", "--watch"], "--build doesn't go with --watch"],
  [["--prot", "1"], "explore has no flag --prot"],
  [["--build", "file.txt/site"], "can't be written"],
  [["./throws.ts"], "./throws.ts can't be loaded: Error: no"],
  [["./server_only.ts"], "the page can't be made"],
];

for (const [args, message] of wrong) {
  servedTest(`wrong usage exits 64: explore ${args.join(" ")}`, async () => {
    const files = {
      "file.txt": "",
      "throws.ts": "throw new Error('no');",
      "server_only.ts": `
        import { spec } from "@quorate/raft/spec";
        const other = "./gone.ts";
        if (typeof Deno === "undefined") await import("./gone.ts");
        export default spec("s", () => ({ init: { other }, actions: {}, properties: [] }));
      `,
    };
    await withFiles(files, async (folder) => {
      const { code, stdout, stderr } = await command(["explore", ...args], folder, permissions).output();
      assertStringIncludes(new TextDecoder().decode(stderr), message);
      assertEquals([code, new TextDecoder().decode(stdout)], [64, ""]);
    });
  });
}
