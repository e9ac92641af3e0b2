/** Makes the pictures of the explorer that the documentation shows. */
import { fromFileUrl } from "@std/path";
import { buildExplorer } from "../../spec/explorer/build.ts";
import { type Address, startOfTour } from "../../spec/explorer/hash.ts";
import { serveFiles } from "../../spec/explorer/serve.ts";
import { positionsOf, tours } from "../../spec/explorer/tours/mod.ts";
import { startChromium, visitorOf } from "./chromium.ts";

const folder = fromFileUrl(new URL("../../docs/explorer", import.meta.url));
const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

/** A picture: what of, how large, and in which colours. */
interface Shot {
  readonly name: string;
  readonly address: Partial<Address>;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
}

const shots: readonly Shot[] = [
  { name: "figure_8_light", address: tour("figure-8", 8), viewport: desktop, colorScheme: "light" },
  { name: "figure_8_dark", address: tour("figure-8", 8), viewport: desktop, colorScheme: "dark" },
  { name: "election_phone", address: tour("election", 4), viewport: phone, colorScheme: "light" },
  {
    name: "die_hard",
    address: { spec: "die_hard", trace: "FillBig BigToSmall EmptySmall BigToSmall" },
    viewport: desktop,
    colorScheme: "light",
  },
];

/** A stop of a tour. */
function tour(name: string, stop: number): Partial<Address> {
  const found = tours.find((candidate) => candidate.name === name)!;
  return { ...startOfTour(found), position: positionsOf(found)[stop]! };
}

await Deno.mkdir(folder, { recursive: true });
const server = serveFiles(await buildExplorer({ theirs: null, first: "raft" }), 0, false);
const browser = await startChromium();
for (const { name, address, viewport, colorScheme } of shots) {
  const visitor = await visitorOf(browser, server.url, { viewport, colorScheme, reducedMotion: "reduce" });
  await visitor.open(address);
  // What the worker finds out is in the picture, too.
  await visitor.page.locator("#next header").getByText(/4 steps/).waitFor();
  await visitor.page.screenshot({ path: `${folder}/${name}.png` });
  visitor.check();
  await visitor.close();
  console.log(`docs/explorer/${name}.png`);
}
await browser.close();
await server.close();
