/** Text of others, such as witnesses and messages of errors, made safe to print. */

/** Control characters, and those that turn the direction of writing. */
// deno-lint-ignore no-control-regex
const unseen = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line, in which what could move the cursor or change colours is written out. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => {
    const short = JSON.stringify(character).slice(1, -1);
    return short.startsWith("\\") ? short : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The same for a text of several lines. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}
