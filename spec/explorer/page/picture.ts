/** A sequence diagram as a picture of its own, for a file: SVG that needs nothing else. */
import diagramStyle from "./style/diagram.css" with { type: "text" };
import { visible } from "../../report/visible.ts";
import type { Diagram } from "./diagram.ts";
import { frameOf, heightOf, shapesOfEnd, shapesOfLoop, shapesOfRow } from "./drawing.ts";
import { light, type Palette, termColours } from "./palette.ts";
import { type Shape, text } from "./shapes.ts";

/** What a picture shows beside the run. */
export interface Captions {
  /** What is violated after which step. */
  readonly violations: readonly { readonly step: number; readonly witness: string }[];
  /** The row to which a run without an end goes back; null for any other. */
  readonly loop: number | null;
}

/** How tall the names of the servers are. */
const head = 30;

const width = 940;

/** The style sheet of diagrams: with the rules for each term. */
export function diagramRules(): string {
  const terms = Array.from({ length: termColours + 1 }, (_, term) =>
    [
      `.life.term-${term}{stroke:var(--term-${term}-line)}`,
      `.badge.term-${term}{fill:var(--term-${term}-fill);stroke:var(--term-${term}-line)}`,
      `.badge-text.term-${term}{fill:var(--term-${term}-ink)}`,
    ].join(""));
  return `${diagramStyle}${terms.join("\n")}\n`;
}

/** A run as the text of an SVG file, in the light theme. */
export function pictureOf(diagram: Diagram, { violations, loop }: Captions): string {
  const { servers, rows } = diagram;
  const frame = frameOf(servers.length, width);
  const height = head + heightOf(rows.length) + 10;
  const drawn = rows.map((row, i) => {
    const witnesses = violations.filter(({ step }) => step === row.number).map(({ witness }) => witness);
    return shapesOfRow(frame, servers, row, rows[i - 1]?.badges ?? null, witnesses);
  });
  const shapes = [
    ...shapesOfEnd(frame, diagram),
    ...drawn.flatMap(({ back }) => back),
    ...drawn.flatMap(({ front }) => front),
    ...(loop === null ? [] : shapesOfLoop(rows.length - 1, loop)),
  ];
  const names = servers.map((server, i) => text(frame.columns[i]!, 20, server, "lane", "middle"));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` font-family="system-ui, sans-serif">`,
    `<style>${withColours(diagramRules(), light)}</style>`,
    `<rect width="${width}" height="${height}" fill="${light.surface}"/>`,
    ...names.map(element),
    `<g transform="translate(0 ${head})">`,
    ...shapes.map(element),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Not every viewer knows custom properties. */
function withColours(rules: string, palette: Palette): string {
  return rules.replace(/var\(--([a-z0-9-]+)\)/g, (_, name: string) => palette[name] ?? "currentColor");
}

function element({ tag, class: name, attributes, text: content }: Shape): string {
  const all = Object.entries({ class: name, ...attributes }).map(([key, value]) => ` ${key}="${value}"`).join(
    "",
  );
  return content === undefined ? `<${tag}${all}/>` : `<${tag}${all}>${escaped(content)}</${tag}>`;
}

function escaped(content: string): string {
  return visible(content).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
