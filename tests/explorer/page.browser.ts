/// <reference lib="dom" />
/** The page itself, in a real Chromium: by keyboard alone, in both themes, on a phone, on paper, and for who listens. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { shownTrace } from "../../spec/explorer/session.ts";
import { visit } from "../spec/explorer_support.ts";
import { browserTest } from "./browser.ts";
import type { Visitor } from "./chromium.ts";

const phone = { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true };
const split = "a! a>b a>c b! c>a b>a:RequestVoteResponse a>b:AppendEntries a=x_";

/** Presses keys, one after the other. */
async function press({ page }: Visitor, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Waits until the run that is shown is at this step. */
async function atStep({ page }: Visitor, words: string): Promise<void> {
  await page.locator("#run header").getByText(words, { exact: true }).waitFor();
}

browserTest("by keyboard alone an election is played, looked back at, forked and undone", async (visitor) => {
  await visitor.open();
  await visitor.page.locator("button[data-step='a!']").waitFor();
  await press(visitor, "1");
  await atStep(visitor, "step 1 of 1");
  // Where the keys are is on the buttons.
  for (const label of ["a>b", "b>a"]) {
    const key = await visitor.page.locator(`button[data-step="${label}"] kbd`).innerText();
    await press(visitor, key);
  }
  await atStep(visitor, "step 3 of 3");
  assertEquals(visitor.trace(), "a! a>b b>a");
  await visitor.page.getByText("leader · term 1").first().waitFor();
  await press(visitor, "k", "k", "j");
  await atStep(visitor, "step 2 of 3");
  await press(visitor, "Home");
  await atStep(visitor, "step 0 of 3");
  await press(visitor, "End", "ArrowUp");
  await atStep(visitor, "step 2 of 3");
  await press(visitor, "f");
  await atStep(visitor, "step 2 of 2");
  await visitor.page.waitForFunction(() => location.hash.endsWith("trace=a%21%20a%3Eb"));
  await press(visitor, "u");
  await atStep(visitor, "step 2 of 3");
  await press(visitor, "r");
  await atStep(visitor, "step 2 of 2");
  await press(visitor, "b");
  await visitor.page.getByRole("dialog", { name: "Branches" }).getByRole("button", { name: "3 steps" }).press(
    "Enter",
  );
  await atStep(visitor, "step 3 of 3");
});

browserTest("by keyboard alone something is found, help is read, and dialogs are left", async (visitor) => {
  await visitor.open();
  await press(visitor, "/");
  const dialog = visitor.page.getByRole("dialog", { name: "Find" });
  await dialog.getByRole("combobox").waitFor();
  await visitor.page.keyboard.type("b! next");
  await press(visitor, "Enter");
  await atStep(visitor, "step 1 of 1");
  assertEquals(visitor.trace(), "b!");
  await press(visitor, "/");
  await dialog.getByRole("combobox").waitFor();
  await visitor.page.keyboard.type("Log Matching");
  await dialog.getByRole("option", { name: /Log Matching/ }).first().waitFor();
  await press(visitor, "Enter");
  assertMatch(await visitor.page.locator("summary:focus").innerText(), /Log Matching/);
  await press(visitor, "?");
  await visitor.page.getByRole("dialog", { name: "Keys and help" }).getByText("the next step of the run")
    .waitFor();
  await press(visitor, "Escape");
  assertEquals(await visitor.page.getByRole("dialog").count(), 0);
});

browserTest(
  "a message on the stage is delivered by a click, dropped and duplicated by a key",
  async (visitor) => {
    await visitor.open({ trace: "a!" });
    const chip = (name: string) => visitor.page.getByRole("button", { name });
    await chip("deliver RequestVote from a to b").click();
    await atStep(visitor, "step 2 of 2");
    await chip("deliver RequestVote from a to c").press("+");
    await atStep(visitor, "step 3 of 3");
    await chip("deliver RequestVote from a to c").press("Delete");
    await atStep(visitor, "step 4 of 4");
    assertEquals(visitor.trace(), "a! a>b a+c a~c");
  },
);

browserTest("whatever has the focus shows it, and every control has a name", async (visitor) => {
  await visitor.open({ trace: split });
  const nameless = await visitor.page.evaluate(() =>
    [...document.querySelectorAll(
      "button, input, select, textarea, [role=button], [role=option], [tabindex='0']",
    )]
      .filter((element) => {
        const label = element.getAttribute("aria-label") ?? element.closest("label")?.textContent ??
          element.textContent ?? "";
        return label.trim() === "";
      }).map((element) => element.outerHTML.slice(0, 80))
  );
  assertEquals(nameless, []);
  const seen = new Set<string>();
  for (let stop = 0; stop < 40; stop++) {
    await press(visitor, "Tab");
    const focus = await visitor.page.evaluate(() => {
      const { activeElement } = document;
      if (activeElement === null || activeElement === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
      const rect = activeElement.querySelector("rect");
      const isRinged = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 ||
        rect !== null && parseFloat(getComputedStyle(rect).strokeWidth) >= 3;
      return { isRinged, html: activeElement.outerHTML.slice(0, 90) };
    });
    if (focus === null) continue;
    assert(focus.isRinged, `the focus isn't seen on ${focus.html}`);
    seen.add(focus.html);
  }
  assert(seen.size > 25, `only ${seen.size} stops`);
});

for (const theme of ["light", "dark"] as const) {
  browserTest(
    `in the ${theme} theme all text has a contrast of 4.5 or more with what it stands on`,
    async (visitor) => {
      for (
        const address of [
          { trace: split },
          { mutant: "vote-twice", trace: "a! b! a>b b>a:RequestVote b>a a>b:RequestVoteResponse" },
          { trace: "a! a>b", tour: "election", position: 1 },
          { spec: "two_phase_commit", trace: 'Prepare("r1")' },
        ]
      ) {
        await visitor.open(address);
        await visitor.page.locator("#properties").waitFor();
        await visitor.page.evaluate(() =>
          document.querySelectorAll("details").forEach((details) => details.open = true)
        );
        const poor = await visitor.page.evaluate(poorContrasts);
        assertEquals(poor, []);
      }
    },
    { colorScheme: theme, reducedMotion: "reduce" },
  );
}

/** In the page: texts that can't be read well. */
function poorContrasts(): readonly string[] {
  function parts(colour: string): readonly [number, number, number, number] {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
    return [red, green, blue, alpha];
  }
  function over([r, g, b, alpha]: readonly number[], [R, G, B]: readonly number[]): readonly number[] {
    return [
      r! * alpha! + R! * (1 - alpha!),
      g! * alpha! + G! * (1 - alpha!),
      b! * alpha! + B! * (1 - alpha!),
      1,
    ];
  }
  function groundOf(element: Element): readonly number[] {
    const layers: (readonly number[])[] = [];
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1] as readonly number[]);
  }
  function luminance(colour: readonly number[]): number {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  }
  const found = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element === null || node.textContent?.trim() === "") continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const isDisabled = element.closest("button:disabled") !== null;
    if (box.width < 2 || style.visibility === "hidden" || isDisabled || element.closest(".unseen") !== null) {
      continue;
    }
    // Badges have a ground of their own, which the palette's test looks at.
    if (
      element instanceof SVGElement &&
      /badge-text|server-name|server-term/.test(element.getAttribute("class") ?? "")
    ) {
      continue;
    }
    const ink = parts(element instanceof SVGElement ? style.fill : style.color);
    const ground = groundOf(element);
    const [low, high] = [luminance(over(ink, ground)), luminance(ground)].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) found.add(`${ratio.toFixed(2)}: ${element.className} ${node.textContent?.slice(0, 40)}`);
  }
  return [...found];
}

browserTest("the theme follows the system until somebody chooses, and the choice stays", async (visitor) => {
  const theme = () => visitor.page.evaluate(() => document.documentElement.dataset.theme);
  await visitor.page.emulateMedia({ colorScheme: "dark" });
  await visitor.open();
  assertEquals(await theme(), "dark");
  await visitor.page.emulateMedia({ colorScheme: "light" });
  await visitor.page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  await press(visitor, "d");
  assertEquals(await theme(), "dark");
  await visitor.page.reload();
  await visitor.page.locator("main").waitFor();
  assertEquals(await theme(), "dark");
});

browserTest(
  "on a phone nothing is wider than the page, and an election is played by touch",
  async (visitor) => {
    await visitor.open();
    for (const label of ["a!", "a>b", "b>a"]) await visitor.page.locator(`.take[data-step="${label}"]`).tap();
    await visitor.page.getByText("leader · term 1").first().waitFor();
    const widths = await visitor.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assertEquals(widths[0], widths[1]);
    const bar = visitor.page.getByRole("navigation", { name: "Parts" });
    await bar.getByRole("button", { name: "Run" }).tap();
    await visitor.page.waitForFunction(() => {
      const { top = -1 } = document.querySelector("#run")?.getBoundingClientRect() ?? {};
      return top >= 0 && top < innerHeight / 2;
    });
    await bar.getByRole("button", { name: "Previous step" }).tap();
    await atStep(visitor, "step 2 of 3");
    const small = await visitor.page.evaluate(() =>
      [...document.querySelectorAll(".take, .phone-bar button")].filter((element) =>
        element.getBoundingClientRect().height < 36
      ).length
    );
    assertEquals(small, 0);
  },
  phone,
);

browserTest("who doesn't want motion gets none", async (visitor) => {
  await visitor.open({ trace: split });
  const moving = await visitor.page.evaluate(() => document.getAnimations().length);
  assertEquals(moving, 0);
}, { reducedMotion: "reduce" });

browserTest("the run is played by itself, until its end or until somebody takes over", async (visitor) => {
  await visitor.open({ trace: "a! a>b b>a a>b" });
  await press(visitor, "p");
  await atStep(visitor, "step 1 of 4");
  await atStep(visitor, "step 2 of 4");
  await press(visitor, "k");
  await visitor.page.getByRole("button", { name: "Play the run (p)" }).waitFor();
  await atStep(visitor, "step 1 of 4");
  await press(visitor, "p");
  await atStep(visitor, "step 4 of 4");
  await visitor.page.getByRole("button", { name: "Play the run (p)" }).waitFor();
});

browserTest("a run begins where a named trace leads, and its picture says so", async (visitor) => {
  await visitor.open();
  await press(visitor, "o");
  const dialog = visitor.page.getByRole("dialog", { name: "Choose a spec" });
  await dialog.getByLabel("Begin").selectOption("divided");
  await dialog.getByRole("button", { name: "Open raft" }).click();
  await visitor.page.getByText("leader · term 2").first().waitFor();
  assertEquals(visitor.trace(), "@divided");
  await visitor.page.locator("#row-0 .heading", { hasText: "@divided" }).waitFor();
});

browserTest("what a step does is said aloud", async (visitor) => {
  await visitor.open({ trace: "a!" });
  await press(visitor, await visitor.page.locator('button[data-step="a>b"] kbd').innerText());
  await visitor.page.locator("[aria-live]").getByText(
    "step 2: a>b, RequestVote. b: role F0 -> F1, votedFor - -> a",
  )
    .waitFor();
});

browserTest("of a long run only what is in sight is drawn, but all of it on paper", async (visitor) => {
  let trace = "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b a>c b>a c>a";
  for (let round = 0; round < 40; round++) trace += " a! a>b a>c b>a c>a";
  await visitor.open({ trace });
  await atStep(visitor, "step 213 of 213");
  const rows = () => visitor.page.locator(".row").count();
  assert(await rows() < 60);
  await press(visitor, "Home");
  await visitor.page.locator("#row-0").waitFor();
  await visitor.page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assertEquals(await rows(), 214);
  await visitor.page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert(await rows() < 60);
});

browserTest("a trace is pasted, also as a whole command; one that is wrong says how", async (visitor) => {
  await visitor.open();
  await press(visitor, "s");
  const dialog = visitor.page.getByRole("dialog");
  const field = dialog.getByRole("textbox");
  await field.fill("a! b>a");
  await dialog.getByRole("button", { name: "Show this trace" }).click();
  await dialog.getByRole("alert").getByText("step 2, b>a, can't happen here").waitFor();
  await field.fill("replay: deno task replay 'a! a>b:RequestVote' --set timeouts=2");
  await dialog.getByRole("button", { name: "Show this trace" }).click();
  await atStep(visitor, "step 2 of 2");
  assertEquals(visitor.trace(), "a! a>b");
});

browserTest(
  "the trace is copied where nothing else is selected, and shown where it is pasted",
  async (visitor) => {
    await visitor.open({ trace: "a! a>b" });
    await press(visitor, "Control+c");
    await visitor.page.locator("[aria-live]").getByText("the trace is copied").waitFor();
    await visitor.open({ spec: "raft", trace: "c!" });
    await atStep(visitor, "step 1 of 1");
    await press(visitor, "Control+v");
    await atStep(visitor, "step 2 of 2");
    assertEquals(visitor.trace(), "a! a>b");
    assertEquals(await visitor.page.title(), "raft: a>b · Quorate");
  },
  { permissions: ["clipboard-read", "clipboard-write"] },
);

browserTest("the picture is saved as SVG and as Mermaid", async (visitor) => {
  await visitor.open({ trace: "a! a>b" });
  await press(visitor, "s");
  for (const [name, beginning] of [["SVG", "<svg xmlns="], ["Mermaid", "sequenceDiagram\n"]] as const) {
    const [download] = await Promise.all([
      visitor.page.waitForEvent("download"),
      visitor.page.getByRole("button", { name: `Save as ${name}` }).click(),
    ]);
    const text = await Deno.readTextFile(await download.path());
    assert(text.startsWith(beginning));
    assertStringIncludes(text, "RequestVote");
  }
});

browserTest(
  "a step that isn't offered is taken in the notation; an impossible one says what is possible",
  async (visitor) => {
    await visitor.open({ trace: "a! a>b b>a" });
    const field = visitor.page.getByLabel(/^Another step/);
    await field.fill("a=hello");
    await field.press("Enter");
    await visitor.page.getByText("hello", { exact: true }).first().waitFor();
    assertEquals(visitor.trace(), "a! a>b b>a a=hello");
    await field.fill("b>c");
    await field.press("Enter");
    await visitor.page.getByRole("alert").getByText("step 5, b>c, can't happen here").waitFor();
  },
);

browserTest("what is played on the page is what the terminal would play", async (visitor) => {
  await visitor.open({ trace: "a! a>b b>a a>b b>a a=x" });
  await atStep(visitor, "step 6 of 6");
  assertEquals(visitor.trace(), shownTrace(await visit("a! a>b b>a a>b b>a a=x")));
  const logs = await visitor.page.locator("ol.log").first().innerText();
  assertMatch(
    logs.replace(/\s+/g, " "),
    /1 no-op, term 1 – , committed, applied, on disk 2 command, term 1 x , on disk/,
  );
});
