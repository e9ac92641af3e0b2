/** Finds the spec that a command names. */
import { resolve, toFileUrl } from "@std/path";
import { catalog } from "../catalog/mod.ts";
import { isSpecification, type Parameter, type Specification } from "../dsl/specification.ts";
import type { CheckFlags } from "./arguments.ts";
import { suggestion, UsageError } from "./usage.ts";

/**
 * The spec of this name, path or URL; a path is relative to `cwd`.
 *
 * @throws {UsageError} if there is none.
 */
export async function loadSpec(name: string, cwd: string): Promise<Specification> {
  if (Object.hasOwn(catalog, name)) return catalog[name]!;
  const isUrl = /^[a-z]{2,}:/.test(name);
  const path = resolve(cwd, name);
  if (!isUrl && !(await isFile(path))) {
    const names = Object.keys(catalog);
    const there = `the catalog has ${names.join(", ")}${suggestion(name, names)}`;
    throw new UsageError(
      /[./\\]/.test(name) ? `there is no file ${name}` : `there is no spec ${name}: ${there}`,
    );
  }
  const module = await load(name, isUrl ? name : toFileUrl(path).href);
  if (!Object.hasOwn(module, "default")) {
    throw new UsageError(`${name} has no default export: write export default spec(...)`);
  }
  if (!isSpecification(module.default)) {
    throw new UsageError(`the default export of ${name} is no spec: write export default spec(...)`);
  }
  return module.default;
}

async function load(name: string, url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url);
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new UsageError(`${name} can't be loaded: ${text}`, { cause: error });
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw new UsageError(`${path} can't be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** What the flags ask of a spec. */
export interface Chosen {
  /** The named bounds. */
  readonly bounds?: string;
  /** The values of single parameters. */
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/**
 * The bounds and parameters that the flags ask for.
 *
 * @throws {UsageError} if the spec has no such bounds or parameter, or a value is of the wrong kind.
 */
export function choose(spec: Specification, flags: CheckFlags): Chosen {
  const { bounds } = flags;
  if (bounds !== undefined && !Object.hasOwn(spec.bounds, bounds)) {
    throw new UsageError(`${spec.name} has no bounds ${bounds}: ${list(bounds, Object.keys(spec.bounds))}`);
  }
  const typed: [string, string][] = flags.set.map((text) => {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)];
  });
  if (flags.servers !== undefined) typed.push(["servers", String(flags.servers)]);
  if (flags.crashes !== undefined) typed.push(["crashes", String(flags.crashes)]);
  const parameters = Object.fromEntries(typed.map(([key, value]) => [key, parameter(spec, key, value)]));
  return bounds === undefined ? { parameters } : { bounds, parameters };
}

function parameter(spec: Specification, key: string, text: string): Parameter {
  const standard = Object.hasOwn(spec.parameters, key) ? spec.parameters[key] : undefined;
  switch (typeof standard) {
    case "undefined":
      throw new UsageError(
        `${spec.name} has no parameter ${key}: ${list(key, Object.keys(spec.parameters))}`,
      );
    case "number":
      if (/^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
      throw new UsageError(`${key} of ${spec.name} is a count: 0, 1, 2, ...; not ${JSON.stringify(text)}`);
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      throw new UsageError(`${key} of ${spec.name} is true or false, not ${JSON.stringify(text)}`);
    case "string":
      return text;
  }
}

function list(name: string, names: readonly string[]): string {
  return names.length === 0 ? "it has none" : `there are ${names.join(", ")}${suggestion(name, names)}`;
}
