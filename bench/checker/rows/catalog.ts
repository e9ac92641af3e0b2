/** The specs of the catalog whose counts take too long for every test run. */
import type { Bench, Row } from "../bench.ts";
import { heavyRows, type Row as Check, titleOf } from "../../../tests/spec/crosscheck.ts";
import { compared, type Entry, type Wrong } from "../entry.ts";
import { type Contender, type Finished, measure } from "../measure.ts";
import { checkCommand, readCheck, type Result } from "../quorate.ts";

/** The title of a row is what one types. */
async function run(bench: Bench): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const check of heavyRows) {
    const found: Result[] = [];
    const [result] = await measure([contender(check, found)], bench);
    if (result !== undefined) entries.push(result);
    entries.push(
      ...compared(result, check),
      ...found.slice(-1).flatMap((last) => disagreements(check, last)),
    );
  }
  return entries;
}

function contender(check: Check, found: Result[]): Contender {
  const title = titleOf(check);
  const read = (finished: Finished) => {
    const result = readCheck(finished);
    found.push(result);
    return result;
  };
  return { name: title, command: checkCommand(...title.split(" ")), read };
}

/** What others found that we did not: the depth, and the lengths of the shortest runs. */
export function disagreements(check: Check, found: Result): readonly Wrong[] {
  const name = titleOf(check);
  const wrong = (message: string): Wrong => ({ type: "wrong", name, message });
  const entries: Wrong[] = [];
  if (check.depth !== undefined && check.depth !== found.depth) {
    entries.push(wrong(`must be ${check.depth} deep; is ${found.depth}`));
  }
  for (const [property, length] of Object.entries(check.length ?? {})) {
    const steps = found.properties.find((line) => line.name === property)?.steps ?? null;
    if (steps === length - 1) continue;
    entries.push(wrong(`${property}: must take ${length - 1} steps; takes ${steps ?? "none"}`));
  }
  return entries;
}

/** What other checkers count, too, but not quickly. */
export const catalogRow: Row = {
  name: "catalog",
  title: "the catalog's heavy counts, as others have them",
  run,
};
