/** The colours of the page, in both themes: one place, from which the style sheet and exported pictures take them. */

/** Colours by name. In the style sheet each is a custom property, such as `--ink`. */
export type Palette = Readonly<Record<string, string>>;

/** Terms have colours in turn; term 0 has its own. */
export const termColours = 8;

/** Fill, ink on it, and line, for term 0 and then for the terms in turn. */
type TermColours = readonly (readonly [fill: string, ink: string, line: string])[];

const lightTerms: TermColours = [
  ["#e8e8e4", "#44474b", "#767a80"],
  ["#d6e6fb", "#123c6e", "#2f6fc1"],
  ["#fde3c8", "#6b3a00", "#b8600c"],
  ["#d3efd9", "#14502a", "#2a8049"],
  ["#e8dcf8", "#45217a", "#7d4bc2"],
  ["#fbd9e5", "#7a1440", "#bf3a74"],
  ["#cfeeee", "#0c4d50", "#177a7f"],
  ["#ecebc0", "#4a4700", "#78720f"],
  ["#ecdccf", "#5a3217", "#915b36"],
];

const darkTerms: TermColours = [
  ["#2f343d", "#cdd2da", "#8a919c"],
  ["#1d3a5f", "#d3e6ff", "#5b9be6"],
  ["#553309", "#ffe3c2", "#e2933c"],
  ["#1c4a2c", "#cdf3d7", "#55b877"],
  ["#3e2a63", "#e9dcff", "#a983e8"],
  ["#5a1f3b", "#ffd8e6", "#e8719f"],
  ["#144b4e", "#c9f2f3", "#43b5ba"],
  ["#46430e", "#f3f1bd", "#b5ae3a"],
  ["#51331f", "#f5dfcf", "#c08a62"],
];

function withTerms(colours: Palette, terms: TermColours): Palette {
  const ofTerms = terms.flatMap(([fill, ink, line], term) => [
    [`term-${term}-fill`, fill],
    [`term-${term}-ink`, ink],
    [`term-${term}-line`, line],
  ]);
  return { ...colours, ...Object.fromEntries(ofTerms) };
}

/** The light theme. Exported pictures use it, too. */
export const light: Palette = withTerms({
  paper: "#f7f5f0",
  surface: "#ffffff",
  raised: "#f1eee7",
  line: "#dcd7cb",
  edge: "#8b867a",
  ink: "#1d2126",
  soft: "#565d66",
  accent: "#0a58a6",
  "accent-ink": "#ffffff",
  chosen: "#e3eefb",
  good: "#17663a",
  "good-fill": "#dff3e5",
  bad: "#a8201a",
  "bad-fill": "#fce4e2",
  warn: "#7a4f00",
  "warn-fill": "#fdf0cf",
  glow: "#f2b705",
  "glow-fill": "#fff3c4",
  follower: "#5f6771",
  candidate: "#a85b00",
  leader: "#14713f",
  vote: "#a85b00",
  append: "#2f6fc1",
  other: "#6a5aa8",
}, lightTerms);

/** The dark theme. */
export const dark: Palette = withTerms({
  paper: "#121418",
  surface: "#1a1d23",
  raised: "#23272f",
  line: "#343a45",
  edge: "#79818e",
  ink: "#e8eaed",
  soft: "#a9b0bb",
  accent: "#86bdff",
  "accent-ink": "#0b1420",
  chosen: "#1d2f47",
  good: "#79d698",
  "good-fill": "#17331f",
  bad: "#ff9a91",
  "bad-fill": "#44191a",
  warn: "#f2c665",
  "warn-fill": "#3d2f0c",
  glow: "#ffd54a",
  "glow-fill": "#453a10",
  follower: "#a2aab5",
  candidate: "#f0a44a",
  leader: "#5fd08d",
  vote: "#f0a44a",
  append: "#6ea8ee",
  other: "#a99be6",
}, darkTerms);

/** What text stands on what, by the names of the colours: each pair is readable in both themes. */
export const pairs: readonly (readonly [ink: string, ground: string])[] = [
  ...["paper", "surface", "raised", "chosen", "glow-fill"].flatMap((ground) =>
    ["ink", "soft", "accent"].map((ink) => [ink, ground] as const)
  ),
  ...["surface", "paper", "raised", "chosen"].flatMap((ground) =>
    ["good", "bad", "warn"].map((ink) => [ink, ground] as const)
  ),
  ...["good", "bad", "warn"].map((name) => [name, `${name}-fill`] as const),
  ...["bad-fill", "warn-fill", "good-fill"].map((ground) => ["ink", ground] as const),
  ["accent-ink", "accent"],
  ...Array.from({ length: termColours + 1 }, (_, term) => [`term-${term}-ink`, `term-${term}-fill`] as const),
];

/** The number of a term's colour. */
export function colourOfTerm(term: number): number {
  return term === 0 ? 0 : (term - 1) % termColours + 1;
}

/** The declarations of a palette, as custom properties. */
export function customProperties(palette: Palette): string {
  return Object.entries(palette).map(([name, value]) => `--${name}:${value};`).join("");
}

/** How much two colours, such as `#1d2126`, contrast: 1 to 21, as WCAG 2 reckons. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
