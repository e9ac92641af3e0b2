/** A real Chromium, and pages of the explorer in it. */
import { assertEquals } from "@std/assert";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type Address, hashOf, homeOf } from "../../spec/explorer/hash.ts";

/** A page, and how to go about in it. */
export interface Visitor {
  /** The page. */
  readonly page: Page;
  /** The address of the explorer, without a hash. */
  readonly url: string;
  /** Opens an address of the explorer; what is left out is as at home. */
  open(address?: Partial<Address>): Promise<void>;
  /** The trace that the page's address holds. */
  trace(): string;
}

/** How long a test waits for something in the page, in ms. */
const patienceMs = 15_000;

/** Where Chromium may be. */
const executables = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts Chromium. */
export async function startChromium(): Promise<Browser> {
  const wanted = Deno.env.get("CHROMIUM");
  const found = wanted ?? executables.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
  if (found === undefined) {
    throw new Error("there is no Chromium: apt-get install chromium, or name it in the variable CHROMIUM");
  }
  return await chromium.launch({ executablePath: found, args: ["--no-sandbox"] });
}

/** A page of this address in a browser; `check` fails if something went wrong in it. */
export async function visitorOf(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor & { close(): Promise<void>; check(): void }> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    const isOwn = protocol === "data:" || origin === new URL(url).origin;
    if (!isOwn) problems.push(`asked for ${request.url()}`);
  });
  return {
    page,
    url,
    async open(address = {}) {
      await page.goto(`${url}#${hashOf({ ...homeOf("raft"), ...address })}`);
      await page.locator("main").waitFor();
    },
    trace: () => decodeURIComponent(/[#&]trace=([^&]*)/.exec(page.url())?.[1] ?? ""),
    close: () => context.close(),
    check: () => assertEquals(problems, []),
  };
}
