/** `docs/options.md` has every option that a user of the library can give, with the default that its type tells of. */
import { assert, assertEquals } from "@std/assert";

const root = new URL("..", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/options.md", root));

/** What the parts of the library give each other. */
const internal = ["IncomingOptions", "OutgoingOptions", "QueueLimits", "WriteOptions"];

interface Option {
  readonly type: string;
  readonly name: string;
  /** What its comment says; undefined if it tells of none. */
  readonly defaultValue: string | undefined;
}

async function textsOf(folder: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory && name !== "core") texts.push(...await textsOf(`${folder}${name}/`));
    else if (name.endsWith(".ts")) texts.push(await Deno.readTextFile(new URL(`${folder}${name}`, root)));
  }
  return texts;
}

/** The fields of the interfaces in a source whose names end as those of options do. */
function optionsIn(source: string): readonly Option[] {
  const types = source.matchAll(
    /^export interface (\w+(?:Options|Limits|Faults|Change))\b[^{]*\{\n([\s\S]*?)\n\}/gm,
  );
  return [...types].filter(([, type = ""]) => !internal.includes(type)).flatMap(
    ([, type = "", body = ""]) => {
      const comments = body.matchAll(/\/\*\*([\s\S]*?)\*\/\s+readonly (\w+)\??:/g);
      return [...comments].map(([, comment = "", name = ""]) => {
        const text = comment.replaceAll(/\s+\*?\s*/g, " ").replaceAll(/{@linkcode (\w+)}/g, "$1");
        const [, stated, given] =
          text.match(/Default: (.*?)(?:[.:;] |\.? $| \()|([^.;]*?)(?: \([^)]*\))? if not given/) ?? [];
        return { type, name, defaultValue: (stated ?? given)?.trim() };
      });
    },
  );
}

/** The rows of the table for a type, by what is in their first column. */
function rowsFor(type: string): ReadonlyMap<string, string> {
  const begin = page.indexOf(`\`${type}\``);
  // A heading may be the beginning of several tables: they end where the next one, or another type, begins.
  const rest = begin === -1 ? "" : page.slice(begin + type.length);
  const end = rest.search(/^## |`\w+(?:Options|Limits|Faults|Change)`/m);
  const rows = rest.slice(0, end === -1 ? undefined : end).matchAll(/^\| `(\w+)` *\|(.*)$/gm);
  return new Map([...rows].map(([, name = "", row = ""]) => [name, row]));
}

const options = (await textsOf("src/")).flatMap(optionsIn);

Deno.test("docs/options.md has every option, by its type, and no other", () => {
  const types = [...new Set(options.map(({ type }) => type))].sort();
  for (const type of types) {
    const names = options.filter((option) => option.type === type).map(({ name }) => name);
    assertEquals([...rowsFor(type).keys()].sort(), names.sort(), type);
  }
  assert(types.length > 20, `${types}`);
});

Deno.test("docs/options.md tells of the defaults that the types tell of", () => {
  const wrong = options.filter(({ type, name, defaultValue }) =>
    defaultValue !== undefined && !rowsFor(type).get(name)?.toLowerCase().includes(defaultValue.toLowerCase())
  );
  assertEquals(wrong, []);
  assert(options.filter(({ defaultValue }) => defaultValue !== undefined).length > 50);
});
