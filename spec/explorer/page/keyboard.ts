/** Which keys do what: everything can be done without a mouse. */

/** What a key asks for. */
export type Command =
  | { readonly type: "move"; readonly by: number }
  | { readonly type: "first" }
  | { readonly type: "last" }
  | { readonly type: "fork" }
  | { readonly type: "play" }
  | { readonly type: "undo" }
  | { readonly type: "redo" }
  | {
    readonly type: "dialog";
    readonly name: "help" | "find" | "tours" | "mutants" | "specs" | "share" | "branches";
  }
  | { readonly type: "theme" }
  | { readonly type: "choose"; readonly key: string };

/** A key that was pressed, and where. */
export interface Pressed {
  /** The key, as the browser names it. */
  readonly key: string;
  /** Whether Control, Alt or Meta was held: these belong to the browser. */
  readonly isModified: boolean;
  /** Whether the focus is where text is written. */
  readonly isWriting: boolean;
  /** Whether the focus is on something that scrolls or moves by arrow keys of its own. */
  readonly hasArrows: boolean;
}

/** The keys for people, in the order of the help. */
export const keyHelp: readonly (readonly [keys: string, what: string])[] = [
  ["j  ↓", "the next step of the run"],
  ["k  ↑", "the step before"],
  ["Home  End", "the first, the last state"],
  ["p", "play the run: a step a second, from where you are; again: stop"],
  ["1 … 9, 0, A … Z", "take the step that bears this key, under Next"],
  ["u  r", "undo, redo: the browser's back and forward do the same"],
  ["f", "fork: end the run here, and keep what came after as a branch"],
  ["b", "the branches"],
  ["/", "find a step, an action, a property, a spec"],
  ["t  m  o", "tours, mutants, other specs"],
  ["s", "the trace, to be copied and pasted; the picture, to be saved"],
  ["Ctrl+C  Ctrl+V", "copy the trace, show the one that is pasted"],
  ["d", "dark or light"],
  ["?", "this help"],
  ["Enter  Delete  +  _", "on a message: deliver, drop, duplicate it; deliver it and hold the write back"],
  ["Tab", "from one part to the next; Escape closes what is open"],
];

/** What a key asks for; null if that is nothing. */
export function commandOf({ key, isModified, isWriting, hasArrows }: Pressed): Command | null {
  if (isModified || isWriting) return null;
  switch (key) {
    case "j":
      return { type: "move", by: 1 };
    case "k":
      return { type: "move", by: -1 };
    case "ArrowDown":
    case "ArrowRight":
      return hasArrows ? null : { type: "move", by: 1 };
    case "ArrowUp":
    case "ArrowLeft":
      return hasArrows ? null : { type: "move", by: -1 };
    case "Home":
      return { type: "first" };
    case "End":
      return { type: "last" };
    case "f":
      return { type: "fork" };
    case "p":
      return { type: "play" };
    case "u":
      return { type: "undo" };
    case "r":
      return { type: "redo" };
    case "/":
      return { type: "dialog", name: "find" };
    case "?":
      return { type: "dialog", name: "help" };
    case "t":
      return { type: "dialog", name: "tours" };
    case "m":
      return { type: "dialog", name: "mutants" };
    case "o":
      return { type: "dialog", name: "specs" };
    case "s":
      return { type: "dialog", name: "share" };
    case "b":
      return { type: "dialog", name: "branches" };
    case "d":
      return { type: "theme" };
    default:
      return /^[0-9A-Z]$/.test(key) ? { type: "choose", key } : null;
  }
}
