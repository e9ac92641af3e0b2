/** Shapes of a picture as plain data: the page draws them, and an exported picture is their text. */

/** One shape of SVG. */
export interface Shape {
  /** Which element. */
  readonly tag: "line" | "path" | "circle" | "rect" | "text";
  /** By what the style sheet knows it. */
  readonly class: string;
  /** Where it is, and how large. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What a text says. */
  readonly text?: string;
}

/** A straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, name: string): Shape {
  return {
    tag: "line",
    class: name,
    attributes: { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2) },
  };
}

/** An outline. */
export function path(d: string, name: string): Shape {
  return { tag: "path", class: name, attributes: { d } };
}

/** A text, which begins, ends or has its middle at a place. */
export function text(
  x: number,
  y: number,
  content: string,
  name: string,
  anchor: "start" | "middle" | "end" = "start",
): Shape {
  return {
    tag: "text",
    class: name,
    attributes: { x: round(x), y: round(y), "text-anchor": anchor },
    text: content,
  };
}

/** To tenths: pictures are read by people, too. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Points of an outline, joined and closed. */
export function polygon(points: readonly (readonly [x: number, y: number])[]): string {
  return `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}Z`;
}

/** The outline of a role around a place: each role has a shape of its own, so that colour is never the only sign. */
export function roleOutline(role: string | null, x: number, y: number, r: number): string {
  switch (role) {
    case "L": // A hexagon.
      return around(x, y, r * 1.12, [0, 60, 120, 180, 240, 300]);
    case "C": // A diamond.
      return around(x, y, r * 1.25, [0, 90, 180, 270]);
    case "P": // A triangle.
      return around(x, y + r * 0.18, r * 1.3, [30, 150, 270]);
    default:
      return `M${round(x - r)} ${round(y)}a${round(r)} ${round(r)} 0 1 0 ${round(2 * r)} 0a${round(r)} ${
        round(r)
      } 0 1 0 ${round(-2 * r)} 0Z`;
  }
}

function around(x: number, y: number, r: number, degrees: readonly number[]): string {
  return polygon(degrees.map((degree) => {
    const angle = degree * Math.PI / 180;
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)] as const;
  }));
}

/** The head of an arrow that ends at a place, coming from another. */
export function arrowHead(fromX: number, fromY: number, x: number, y: number, size: number): string {
  const length = Math.hypot(x - fromX, y - fromY) || 1;
  const [dx, dy] = [(x - fromX) / length, (y - fromY) / length];
  const [backX, backY] = [x - dx * size, y - dy * size];
  const half = size * 0.5;
  return polygon([[x, y], [backX - dy * half, backY + dx * half], [backX + dy * half, backY - dx * half]]);
}

/** A text cut off so that it takes about as much room as there is, in letters of a size in pixels. */
export function fitted(content: string, room: number, size: number): string {
  const letters = Math.max(1, Math.floor(room / (size * letterWidth)));
  return content.length <= letters ? content : `${content.slice(0, Math.max(1, letters - 1)).trimEnd()}…`;
}

/** A text in at most so many lines, broken between words, the last one cut off. */
export function wrapped(content: string, room: number, size: number, most: number): readonly string[] {
  const letters = Math.max(4, Math.floor(room / (size * letterWidth)));
  const lines: string[] = [];
  let rest = content;
  while (rest.length > letters && lines.length < most - 1) {
    const space = rest.lastIndexOf(" ", letters);
    const at = space > letters / 3 ? space : letters;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  return rest === "" ? lines : [...lines, fitted(rest, room, size)];
}

/** How wide a letter of most fonts is on average, as a part of its size. */
const letterWidth = 0.55;
