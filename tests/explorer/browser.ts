/**
 * Tests of the explorer in a real Chromium. Each gets a page of its own, and fails if the page writes an error to the
 * console, throws, or asks any other host for anything.
 */
import type { Browser, BrowserContextOptions } from "playwright-core";
import { buildExplorer } from "../../spec/explorer/build.ts";
import { type FileServer, serveFiles } from "../../spec/explorer/serve.ts";
import { startChromium, type Visitor, visitorOf } from "./chromium.ts";

export type { Visitor };

let browser: Browser | null = null;
let server: FileServer | null = null;

Deno.test.beforeAll(async () => {
  browser = await startChromium();
  server = serveFiles(await buildExplorer({ theirs: null, first: "raft" }), 0, false);
});

Deno.test.afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** A test with a page of the explorer. */
export function browserTest(
  name: string,
  run: (visitor: Visitor) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  // The browser and its connection live longer than one test.
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const visitor = await visitorOf(browser!, server!.url, options);
      try {
        await run(visitor);
        visitor.check();
      } catch (error) {
        console.log(`at ${visitor.page.url()}`);
        throw error;
      } finally {
        await visitor.close();
      }
    },
  });
}
