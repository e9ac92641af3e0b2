/// <reference lib="dom" />
/** The page: what a browser runs. */
import { render } from "preact";
import { fetchCoreFiles } from "../core_files.ts";
import type { Setup } from "../setup.ts";
import { sourceTracer } from "../source.ts";
import { App } from "./app.tsx";
import { createEngine } from "./engine.ts";
import { customProperties, dark, light } from "./palette.ts";
import { diagramRules } from "./picture.ts";
import { createStore } from "./store.ts";
import { termRules } from "./term_rules.ts";
import { createVisits } from "./visits.ts";

/** Opens the page. */
export async function begin(setup: Setup): Promise<void> {
  const store = createStore();
  const visits = createVisits(store, setup);
  const engine = createEngine(store, visits);
  addColours();
  await visits.begin();
  const traceSource = sourceTracer(fetchCoreFiles);
  render(<App page={{ setup, store, visits, engine, traceSource }} />, document.body);
}

/** The rules that come from the palette. */
function addColours(): void {
  const style = document.createElement("style");
  style.textContent = [
    `:root{${customProperties(light)}}`,
    `:root[data-theme="dark"]{${customProperties(dark)}}`,
    `@media print{:root,:root[data-theme="dark"]{${customProperties(light)}}}`,
    diagramRules(),
    termRules(),
  ].join("\n");
  document.head.append(style);
}
