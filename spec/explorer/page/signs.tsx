/** Small signs: what happens, roles, and what goes without a word. */
import { colourOfTerm } from "./palette.ts";
import type { Glyph } from "./diagram.ts";
import { glyphPath } from "./drawing.ts";
import { roleOutline } from "./shapes.ts";

/** The sign of what happens; decoration beside a word. */
export function GlyphSign({ glyph }: { readonly glyph: Glyph }) {
  const d = glyphPath(glyph, 8, 8) ?? other(glyph);
  return (
    <svg class={`glyph ${glyph}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={d} />
    </svg>
  );
}

function other(glyph: Glyph): string {
  if (glyph === "message") return "M1.5 4h13v8.5h-13ZM1.5 4l6.5 5 6.5-5";
  if (glyph === "disk") return "M3 4a5 2 0 0 1 10 0v8a5 2 0 0 1-10 0ZM3 4a5 2 0 0 0 10 0";
  return "M4 3l8 5-8 5Z";
}

/** The names of the small signs on buttons. */
export type SignName =
  | "drop"
  | "duplicate"
  | "held"
  | "other"
  | "first"
  | "previous"
  | "next"
  | "last"
  | "undo"
  | "redo"
  | "fork"
  | "play"
  | "pause"
  | "close"
  | "sun"
  | "moon"
  | "share"
  | "find";

const outlines: Readonly<Record<SignName, string>> = {
  drop: "M3.5 3.5l9 9m0-9l-9 9",
  duplicate: "M2.5 5.5h8v8h-8ZM5.5 5.5v-3h8v8h-3",
  held: "M5 3v10M11 3v10",
  other: "M3 8h10M8 3v10",
  first: "M4 3v10M13 3L6 8l7 5Z",
  previous: "M11 3L4 8l7 5Z",
  next: "M5 3l7 5-7 5Z",
  last: "M12 3v10M3 3l7 5-7 5Z",
  undo: "M6 3L2.5 6.5 6 10M2.5 6.5H10a3.5 3.5 0 0 1 0 7H7",
  redo: "M10 3l3.5 3.5L10 10M13.5 6.5H6a3.5 3.5 0 0 0 0 7h3",
  play: "M4 3l9 5-9 5Z",
  pause: "M5.5 3v10M10.5 3v10",
  fork: "M8 14V9M8 9L3.5 4.5M8 9l4.5-4.5M3.5 7.5v-3h3M12.5 7.5v-3h-3",
  close: "M4 4l8 8m0-8l-8 8",
  sun:
    "M8 5a3 3 0 1 0 .01 0M8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M3.2 12.8l1.1-1.1M11.7 4.3l1.1-1.1",
  moon: "M13.5 9.8A6 6 0 0 1 6.2 2.5 6 6 0 1 0 13.5 9.8Z",
  share: "M8 10V2M5 4.5L8 1.8l3 2.7M4 7H2.8v7h10.4V7H12",
  find: "M7 2.5a4.5 4.5 0 1 0 .01 0M10.3 10.3l3.7 3.7",
};

/** A small sign; decoration beside a word, or on a button that has a name. */
export function Sign({ name }: { readonly name: SignName }) {
  return (
    <svg class={`small-sign ${name}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={outlines[name]} />
    </svg>
  );
}

/** The shape of a role in the colour of a term. */
export function RoleSign({ role, term, size = 22 }: {
  readonly role: string | null;
  readonly term: number | null;
  readonly size?: number;
}) {
  return (
    <svg class="role-sign" viewBox="0 0 28 28" width={size} height={size} aria-hidden="true">
      <path
        class={`badge term-${colourOfTerm(term ?? 0)} role-${role ?? "none"}`}
        d={roleOutline(role, 14, 14, 10)}
      />
      {term !== null && (
        <text class={`badge-text term-${colourOfTerm(term)}`} x="14" y="18" text-anchor="middle">{term}</text>
      )}
    </svg>
  );
}
