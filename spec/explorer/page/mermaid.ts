/** A run as a sequence diagram in the notation of Mermaid. */
import { type Diagram, type Row, wordsOf } from "./diagram.ts";

/**
 * A run in the notation of Mermaid, which many places show as a picture. Its arrows are level: a message is drawn at the
 * step that handles it, and its label says by which step it was sent, if others came in between.
 */
export function mermaid({ servers, rows }: Diagram): string {
  if (servers.length === 0) return stateDiagram(rows);
  return [
    "sequenceDiagram",
    ...servers.map((server) => `  participant ${server}`),
    ...rows.flatMap((row) => linesOf(row, servers).map((line) => `  ${line}`)),
    "",
  ].join("\n");
}

function linesOf(row: Row, servers: readonly string[]): readonly string[] {
  const { number, label, at, arrow, title } = row;
  if (arrow !== null) {
    const since = arrow.sentAt < number - 1 ? ` (sent at ${arrow.sentAt})` : "";
    const what = arrow.end === "~" ? ", lost" : arrow.end === "+" ? ", duplicated" : "";
    const shaft = arrow.end === "~" ? "--x" : arrow.end === "+" ? "-->>" : "->>";
    return [
      `${arrow.from}${shaft}${arrow.to}: ${safe(`${number} ${arrow.type}${what}${since}`)}`,
      ...notesOf(row),
    ];
  }
  if (at !== null) return [`Note over ${at}: ${safe(`${number} ${title}${withDisk(row)}`)}`, ...notesOf(row)];
  if (label === "") return [];
  return [`Note over ${ends(servers)}: ${safe(title)}`];
}

/** The roles that a step changes are what people look for. */
function notesOf({ changes }: Row): readonly string[] {
  return changes.filter(({ what }) => what === "role").map(({ where, after }) =>
    `Note over ${where}: ${safe(after ?? "")}`
  );
}

function withDisk({ disk }: Row): string {
  return disk === "held" ? ", its write is held back" : disk === "lost" ? ", held writes are lost" : "";
}

function ends(servers: readonly string[]): string {
  const [first = "", last] = [servers[0], servers.at(-1)];
  return last === undefined || last === first ? first : `${first},${last}`;
}

/** A spec without servers: its steps in a row. */
function stateDiagram(rows: readonly Row[]): string {
  return [
    "stateDiagram-v2",
    "  [*] --> s0",
    ...rows.slice(1).map(({ number, label }) => `  s${number - 1} --> s${number}: ${safe(label)}`),
    ...rows.map(({ number, title, changes }) =>
      `  s${number}: ${safe(wordsOf(changes) || (number === 0 ? title : "as before"))}`
    ),
    "",
  ].join("\n");
}

/** What Mermaid would take for its own notation is written as entities. */
function safe(text: string): string {
  return text.replace(/[;#<>"\n:]/g, (character) => {
    return character === "\n" ? " " : `#${character.charCodeAt(0)};`;
  });
}
