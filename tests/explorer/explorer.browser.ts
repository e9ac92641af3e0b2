/** The explorer from end to end, in a real Chromium. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { catalog } from "../../spec/catalog/mod.ts";
import { tours } from "../../spec/explorer/tours/mod.ts";
import { quorate } from "../spec/cli_support.ts";
import { browserTest, type Visitor } from "./browser.ts";

/** A step's button. */
function step({ page }: Visitor, label: string) {
  return page.locator(`button[data-step="${label}"]`).first();
}

/** Presses one of the tools at the top. */
async function tool({ page }: Visitor, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Tools" }).getByRole("button", { name, exact: true }).click();
}

/** The row of a property, opened. */
function property({ page }: Visitor, name: string) {
  return page.locator("li.property", { has: page.locator(".name", { hasText: new RegExp(`^${name}$`) }) });
}

const twice = "a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse";

browserTest("an election is played by clicking, and the address is the trace", async (visitor) => {
  await visitor.open();
  for (const label of ["a!", "a>b", "b>a"]) await step(visitor, label).click();
  await visitor.page.getByText("leader · term 1").first().waitFor();
  assertEquals(visitor.trace(), "a! a>b b>a");
  // Who opens that address is where this page is.
  await visitor.page.reload();
  await visitor.page.getByText("step 3 of 3").waitFor();
});

browserTest("back and forward are undo and redo", async (visitor) => {
  await visitor.open();
  for (const label of ["a!", "a>b"]) await step(visitor, label).click();
  await visitor.page.goBack();
  await visitor.page.getByText("step 1 of 1").waitFor();
  assertEquals(visitor.trace(), "a!");
  await visitor.page.goForward();
  await visitor.page.getByText("step 2 of 2").waitFor();
  assertEquals(visitor.trace(), "a! a>b");
});

browserTest("the link that a counterexample comes with opens just there", async (visitor) => {
  const { stdout } = await quorate(["break", "vote-twice"]);
  const [, hash = ""] = /\nlook around: .* and http:\/\/localhost:3000\/#(\S+)\n/.exec(stdout) ?? [];
  await visitor.page.goto(`${visitor.url}#${hash}`);
  await visitor.page.getByText("step 6 of 6").waitFor();
  assertEquals(visitor.trace(), twice);
  await property(visitor, "Election Safety").locator(".witness").getByText(
    "a and b were both elected in term 1",
  ).waitFor();
  // The broken line beside the right one.
  const lines = await visitor.page.getByLabel("mutant vote-twice").locator("pre").innerText();
  assertStringIncludes(lines, "- (state.votedFor === null || state.votedFor === request.from) &&");
  assertStringIncludes(lines, "+ true &&");
});

browserTest("a mutant is chosen, and its double vote is found from the page", async (visitor) => {
  await visitor.open();
  await tool(visitor, "Mutants");
  await visitor.page.getByRole("button", { name: /^vote-twice/ }).click();
  await visitor.page.getByLabel("mutant vote-twice").waitFor();
  const row = property(visitor, "Election Safety");
  await row.locator("summary").click();
  await row.getByRole("button", { name: "Find a counterexample from here" }).click();
  await row.getByText("Found: it is shown").waitFor();
  await row.getByText("a and b were both elected in term 1").first().waitFor();
  assertEquals(visitor.trace().split(" ").length, 6);
});

browserTest("what leads to a violation within some steps is marked", async (visitor) => {
  await visitor.open({ mutant: "vote-twice", trace: "a! b! a>b b>a:RequestVote b>a" });
  const marked = visitor.page.locator('.choice.danger:has(button[data-step="a>b:RequestVoteResponse"])');
  await marked.getByText(/Election Safety/).waitFor();
});

browserTest("a search says how far it is, and ends when it is cancelled", async (visitor) => {
  await visitor.open();
  const row = property(visitor, "Election Safety");
  await row.locator("summary").click();
  await row.getByRole("button", { name: "Find a counterexample from here" }).click();
  await row.getByText(/states, \d+ steps deep …/).waitFor();
  await row.getByRole("button", { name: "Cancel" }).click();
  await row.getByText(/steps deep …/).waitFor({ state: "detached" });
  // The worker is free for the next one.
  const sometimes = property(visitor, "a leader is elected");
  await sometimes.locator("summary").click();
  await sometimes.getByRole("button", { name: "Find an example from here" }).click();
  await sometimes.getByText("Found: it is shown").waitFor();
});

for (const tour of tours) {
  browserTest(`tour ${tour.name} is taken to its end`, async (visitor) => {
    await visitor.open();
    await tool(visitor, "Tours");
    await visitor.page.getByRole("dialog").getByRole("button", { name: tour.title }).click();
    const strip = visitor.page.getByRole("region", { name: `tour: ${tour.title}` });
    for (const [stop, { says }] of tour.stops.entries()) {
      if (stop > 0) await strip.getByRole("button", { name: "Next" }).click();
      await strip.getByText(`${stop + 1} of ${tour.stops.length}`, { exact: true }).waitFor();
      await strip.getByText(says, { exact: true }).waitFor();
    }
    assert(await strip.getByRole("button", { name: "Next" }).isDisabled());
    for (const name of tour.shows) {
      assertMatch(
        await property(visitor, name).getAttribute("class") ?? "",
        /\b(broken|was-broken|is|was)\b/,
      );
    }
    await strip.getByRole("button", { name: "Back" }).click();
    await strip.getByText(`${tour.stops.length - 1} of ${tour.stops.length}`, { exact: true }).waitFor();
  });
}

browserTest("a tour is left by playing something else, and found again", async (visitor) => {
  await visitor.open({ trace: "a! a>b", tour: "election", position: 1 });
  const strip = visitor.page.getByRole("region", { name: "tour: The election" });
  await strip.getByText("2 of 10", { exact: true }).waitFor();
  await step(visitor, "b!").click();
  await strip.getByText("You have left the tour").waitFor();
  await strip.getByRole("button", { name: "Back to the tour" }).click();
  await strip.getByText("2 of 10", { exact: true }).waitFor();
});

browserTest("two-phase commit is chosen from the catalog, and played", async (visitor) => {
  await visitor.open();
  await visitor.page.getByRole("button", { name: /^raft/ }).click();
  await visitor.page.getByLabel("Spec", { exact: true }).selectOption("two_phase_commit");
  await visitor.page.getByRole("button", { name: "Open two_phase_commit" }).click();
  await visitor.page.locator(`button[data-step='Prepare("r1")']`).click();
  await visitor.page.getByText("step 1 of 1").waitFor();
  assertEquals(visitor.trace(), 'Prepare("r1")');
  await property(visitor, "Consistent").waitFor();
});

browserTest("every spec of the catalog opens, and can be played", async (visitor) => {
  for (const spec of Object.keys(catalog)) {
    await visitor.page.goto("about:blank");
    await visitor.open({ spec });
    const first = visitor.page.locator("button.take").first();
    const label = await first.getAttribute("data-step") ?? "";
    await first.click();
    await visitor.page.getByText("step 1 of 1").waitFor();
    assertEquals(visitor.trace(), label, spec);
  }
});

browserTest("a spec that draws its states shows the picture, as an image", async (visitor) => {
  await visitor.open({ spec: "die_hard", trace: "FillBig" });
  const image = visitor.page.locator('img[src^="data:image/svg+xml,"]');
  await image.waitFor();
  assert(
    await image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth) > 0,
  );
});

browserTest("the lines of the core that handled a step are shown, with the section", async (visitor) => {
  await visitor.open({ trace: "a! a>b" });
  const source = visitor.page.getByRole("region", { name: "Source" });
  const passage = source.locator("figure", { hasText: "onRequestVote" });
  await passage.waitFor();
  assertStringIncludes(await passage.locator("figcaption").innerText(), "§5.4.1");
  assert(await passage.locator(".line.ran").count() > 5);
});

browserTest("an address that can't be read says why, and there is a way back", async (visitor) => {
  for (
    const [hash, message] of [
      ["spec=raft&trace=%E0%A4%A", "which is no text: perhaps a part of it is missing"],
      ["nonsense", 'the address has "nonsense", expected name=value'],
      ["spec=rafft", 'there is no spec "rafft": there are raft, die_hard'],
      ["spec=raft&mutant=vote-thrice", "there is no mutant vote-thrice"],
    ] as const
  ) {
    await visitor.page.goto("about:blank");
    await visitor.page.goto(`${visitor.url}#${hash}`);
    await visitor.page.getByRole("alert").getByText(message).waitFor();
    await visitor.page.getByRole("button", { name: "Begin anew" }).click();
    await step(visitor, "a!").waitFor();
    assertEquals(await visitor.page.getByRole("alert").count(), 0);
  }
});

browserTest("a trace of an older version is shown as far as it goes, if one wants", async (visitor) => {
  await visitor.open({ trace: "a! a>b b>c a>c" });
  const alert = visitor.page.getByRole("alert");
  await alert.getByText("perhaps it is of another version").waitFor();
  await alert.getByText("step 3, b>c, can't happen here").waitFor();
  await alert.getByRole("button", { name: "Show it as far as it goes" }).click();
  await visitor.page.getByText("step 2 of 2").waitFor();
  assertEquals(visitor.trace(), "a! a>b");
});
