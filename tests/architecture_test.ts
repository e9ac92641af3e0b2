/** The arrows between the parts, the size of files and functions, and that there is one core. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { fromFileUrl, relative } from "@std/path";
import { memoryNetwork, memoryStorage, step } from "../mod.ts";
import { step as stepOfCore } from "../src/core/step.ts";
import { catalog } from "../spec/catalog/mod.ts";
import { setupWith } from "../spec/explorer/setup.ts";
import { core } from "../spec/raft/core.ts";
import { parseOptions } from "../src/node/options.ts";

const root = fromFileUrl(new URL("..", import.meta.url));

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Every import between files of the project: [from, to], relative to its top. */
async function importsOf(...entries: readonly string[]): Promise<readonly [from: string, to: string][]> {
  const arrows = new Map<string, [string, string]>();
  for (const entry of entries) {
    const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: root });
    const { stdout } = await command.output();
    const modules: readonly ModuleInfo[] = JSON.parse(new TextDecoder().decode(stdout)).modules;
    for (const { specifier, dependencies = [] } of modules) {
      for (const { code, type } of dependencies) {
        const target = code?.specifier ?? type?.specifier ?? "";
        const arrow: [string, string] = [short(specifier), short(target)];
        arrows.set(arrow.join(), arrow);
      }
    }
  }
  return [...arrows.values()].filter(([from]) => !from.includes(":") && !from.startsWith("vendor/"));
}

function short(specifier: string): string {
  return specifier.startsWith("file:") ? relative(root, fromFileUrl(specifier)) : specifier;
}

/** What each part may import, of the project and by package; the first part that a file belongs to counts. */
const parts: readonly { readonly part: RegExp; readonly may: RegExp }[] = [
  { part: /^src\/core\//, may: /^src\/core\// },
  { part: /^src\/(ports|error|logging)\.ts/, may: /^src\/(core\/mod|error|logging)\.ts/ },
  { part: /^src\/answers\.ts/, may: /^(src\/ports\.ts|npm:|@msgpack)/ },
  { part: /^src\/session\.ts/, may: /^src\/(core\/mod|ports|error)\.ts/ },
  {
    part: /^src\/client/,
    may:
      /^(src\/(core\/mod|ports|error|options|answers|session|codec_flat|codec_writer|node|node\/system|transport\/(address|frame|pause))\.ts|src\/client\/|npm:|zod)/,
  },
  { part: /^src\/trace\//, may: /^src\/(core\/mod\.ts|error\.ts|trace\/)/ },
  { part: /^src\/options\.ts/, may: /^(src\/error\.ts|npm:)/ },
  { part: /^src\/identity\.ts/, may: /^src\/(core\/mod|ports)\.ts/ },
  {
    part: /^src\/codec/,
    may: /^(src\/(core\/mod|codec_entries|codec_flat|codec_proposal|codec_writer|copies)\.ts|npm:|@msgpack)/,
  },
  {
    part: /^src\/transport\//,
    may: /^(src\/(core\/mod|ports|error|logging|options|identity|codec)\.ts|src\/transport\/|npm:|node:)/,
  },
  {
    part: /^src\/storage\//,
    may:
      /^(src\/(core\/mod|ports|error|logging|options|identity|codec)\.ts|src\/storage\/|npm:|node:|crc-32)/,
  },
  {
    part: /^src\/(node\.ts|node\/)/,
    may:
      /^(src\/(core\/mod|ports|error|logging|options|codec|codec_flat|codec_writer|copies|answers|session)\.ts|src\/node\/|src\/trace\/record\.ts|npm:)/,
  },
  { part: /^src\/(deno|nodejs)\.ts/, may: /^src\/(client|transport|storage)\/|^src\/nodejs\.ts/ },
  {
    part: /^src\/telemetry\.ts/,
    may: /^(src\/(core\/mod|error|node\/(observing|status))\.ts|npm:|@opentelemetry)/,
  },
  {
    part: /^mod\.ts/,
    may:
      /^src\/(core|client\/service|transport\/(memory|streams|websocket)|storage\/memory|trace|node|ports|error|logging)/,
  },
  { part: /^spec\/raft\//, may: /^(src\/core\/mod\.ts|spec\/(raft|dsl|checker)\/)/ },
  { part: /^spec\/explorer\//, may: /^(spec\/(?!cli)|src\/core\/mod\.ts|npm:|node:)/ },
  { part: /^spec\/cli/, may: /^(spec\/|npm:|@std|jsr:|vendor\/)/ },
  { part: /^spec\//, may: /^spec\// },
  { part: /^examples\//, may: /^(mod\.ts|src\/(deno|telemetry)\.ts|npm:|@peculiar|@std|jsr:|vendor\/)/ },
];

Deno.test("imports point one way: examples -> src/node -> src/ports -> src/core <- spec", async () => {
  const arrows = await importsOf(
    "mod.ts",
    "src/deno.ts",
    "src/client.ts",
    "src/telemetry.ts",
    "spec/mod.ts",
    "spec/cli.ts",
    "spec/explorer/page/main.tsx",
    "examples/dinner.ts",
    "examples/make_ca.ts",
    "examples/kv.ts",
  );
  const wrong = arrows.filter(([from, to]) => !parts.find(({ part }) => part.test(from))?.may.test(to));
  assertEquals(wrong.map(([from, to]) => `${from} -> ${to}`), []);
});

Deno.test("Deno and node: are named only in the adapters that need them", async () => {
  // A ready-made test is text that names Deno.
  const allowed =
    /^(src\/transport\/(tcp|tls|credentials|duplex|deno_websocket)|src\/client\/tcp|src\/storage\/(deno_kv|node_files|node_sqlite|sqlite_tables)|spec\/cli|spec\/explorer\/(build|serve)|spec\/report\/ready_made)/;
  const wrong = (await sources("src", "spec", "mod.ts")).filter(({ path, text }) =>
    !allowed.test(path) && /\bDeno\.|["']node:/.test(withoutComments(text))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("the core has no clock, no randomness and no output", async () => {
  const wrong = (await sources("src/core")).filter(({ text }) =>
    /Math\.random|Date\.now|performance\.|setTimeout|setInterval|console\.|crypto\./.test(
      withoutComments(text),
    )
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("examples in docstrings assert by what fails a test: console.assert only prints", async () => {
  const all = await sources("src", "spec", "examples", "mod.ts");
  assertEquals(all.filter(({ text }) => text.includes("console.assert")).map(({ path }) => path), []);
});

Deno.test("files stay small: some 300 lines in the core, 500 elsewhere", async () => {
  const wrong = (await sources("src", "spec", "examples", "mod.ts")).filter(({ path, text }) =>
    text.split("\n").length > (path.startsWith("src/core/") ? 310 : 510)
  );
  assertEquals(wrong.map(({ path, text }) => `${path}: ${text.split("\n").length} lines`), []);
});

Deno.test("functions stay small: some 40 lines in the core, 70 elsewhere", async () => {
  const all = await sources("src", "spec", "examples", "mod.ts");
  const wrong = all.flatMap(({ path, text }) =>
    functionsOf(text).filter(({ lines }) => lines > (path.startsWith("src/core/") ? 42 : 72))
      .map(({ name, lines }) => `${path}: ${name}, ${lines} lines`)
  );
  assertEquals(wrong, []);
});

Deno.test("same core: the checker, the explorer, the node and mod.ts hold one function", async () => {
  assertStrictEquals(core.step, stepOfCore);
  assertStrictEquals(step, stepOfCore);
  // The explorer opens the spec that the checker checks.
  assertStrictEquals((await setupWith(null, "raft")).specs.raft, catalog.raft);
  const node = parseOptions({
    id: "a",
    peers: [],
    transport: memoryNetwork().transport(),
    storage: memoryStorage(),
  });
  assertStrictEquals(node.step, stepOfCore);
});

interface Source {
  readonly path: string;
  readonly text: string;
}

async function sources(...paths: readonly string[]): Promise<readonly Source[]> {
  const found: Source[] = [];
  for (const path of paths) {
    if (/\.tsx?$/.test(path)) found.push({ path, text: await Deno.readTextFile(root + path) });
    else {
      for await (const { name, isDirectory } of Deno.readDir(root + path)) {
        if (isDirectory || /\.tsx?$/.test(name)) found.push(...await sources(`${path}/${name}`));
      }
    }
  }
  return found;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}

/** Functions at the top level, as the formatter lays them out: from `function` to a `}` in the same column. */
function functionsOf(text: string): readonly { readonly name: string; readonly lines: number }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, start) => {
    const [, indent = "", name = ""] =
      line.match(/^(\s*)(?:export )?(?:default )?(?:async )?function\b\*? ?(\w+)/) ?? [];
    if (name === "") return [];
    const length = lines.slice(start).findIndex((later) => later === `${indent}}`);
    return [{ name, lines: length + 1 }];
  });
}
