/**
 * `deno task bench:explorer`: how quick the explorer's page is, in a real Chromium: until something is painted, and from
 * a press of a button until the next step is painted, at the end of a run of 500 steps.
 */
import type { CDPSession, Page } from "playwright-core";
import { buildExplorer } from "../../spec/explorer/build.ts";
import { serveFiles } from "../../spec/explorer/serve.ts";
import { startChromium, type Visitor, visitorOf } from "../../tests/explorer/chromium.ts";

/** How often each figure is taken; the median counts. */
const rounds = 5;

/** How many steps the run has. */
const length = 500;

/** A leader, and then heartbeats and their answers again and again. */
const round = "a! a>b b>a a>c c>a";
const trace = ["a! a>b a>c b>a c>a a>b a>c b>a c>a a>b a>c b>a c>a", ...Array(length / 5 | 0).fill(round)]
  .join(" ")
  .split(" ").slice(0, length).join(" ");

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? NaN;
}

/** How long until something of the page is painted, in ms. */
function firstPaint(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const of = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    while (of() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    return of()!;
  });
}

/** How long from the press of a step's button until what comes of it is painted, in ms. */
async function stepTime({ page }: Visitor, label: string): Promise<number> {
  const button = page.locator(`button[data-step="${label}"]`).first();
  await button.waitFor();
  return await button.evaluate(async (element) => {
    const painted = globalThis as unknown as { requestAnimationFrame(run: () => void): void };
    const began = performance.now();
    (element as unknown as { click(): void }).click();
    // The frame after the next one begins when the next one is painted.
    await new Promise<void>((resolve) =>
      painted.requestAnimationFrame(() => painted.requestAnimationFrame(() => resolve()))
    );
    return performance.now() - began;
  });
}

/** How long the page's thread has worked so far, in ms: what else the machine does meanwhile doesn't count. */
async function workTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN);
}

const goals = { paint: 1000, step: 50 };

function tell(what: string, figure: number, goal: number): void {
  const ratio = (figure / goal).toFixed(2);
  console.log(`${what.padEnd(52)} ${figure.toFixed(0).padStart(5)} ms   ${ratio} of the goal, ${goal} ms`);
}

const server = serveFiles(await buildExplorer({ theirs: null, first: "raft" }), 0, false);
const browser = await startChromium();
const paints: number[] = [];
const fulls: number[] = [];
const steps: number[] = [];
const work: number[] = [];
for (let i = 0; i < rounds; i++) {
  const visitor = await visitorOf(browser, server.url);
  await visitor.open();
  paints.push(await firstPaint(visitor.page));
  await visitor.close();
  const long = await visitorOf(browser, server.url);
  await long.open({ trace });
  fulls.push(await firstPaint(long.page));
  const session = await long.page.context().newCDPSession(long.page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await workTime(session);
  for (const label of round.split(" ")) steps.push(await stepTime(long, label));
  work.push((await workTime(session) - before) / round.split(" ").length);
  await long.close();
}
tell("first paint", median(paints), goals.paint);
tell(`first paint of a run of ${length} steps`, median(fulls), goals.paint);
tell(`a step after ${length} steps, median`, median(steps), goals.step);
tell(`a step after ${length} steps, slowest of ${steps.length}`, Math.max(...steps), goals.step);
tell("the page's own work for a step, searches aside", median(work), goals.step);
await browser.close();
await server.close();
