/** Finds the spec that a command names. */
import { resolve, toFileUrl } from "@std/path";
import { catalog } from "../catalog/loading.ts";
import {
  isSpecification,
  noValue,
  type Parameter,
  parameterIn,
  type Specification,
} from "../dsl/specification.ts";
import { guarded, placeIn } from "../dsl/definition.ts";
import { visibleLines } from "../report/visible.ts";
import type { CheckFlags } from "./arguments.ts";
import { note } from "./output.ts";
import { suggestion, UsageError } from "./usage.ts";

/** The most seconds that a module may take to load: one that awaits what never comes would take for ever. */
const patience = 20;

/** Where to look for a spec. */
export interface Where {
  /** The folder to which a path is relative; the current one if left out. */
  readonly cwd?: string | undefined;
  /** How many seconds all may take. */
  readonly timeout?: number | undefined;
}

/**
 * The spec of this name, path or URL.
 *
 * @throws {UsageError} if there is none.
 */
export async function loadSpec(name: string, { cwd, timeout = patience }: Where): Promise<Specification> {
  if (Object.hasOwn(catalog, name)) return await catalog[name]!();
  const url = await urlOf(name, cwd ?? Deno.cwd());
  blame(name);
  const module = await load(name, url, Math.min(timeout, patience));
  if (!Object.hasOwn(module, "default")) {
    throw new UsageError(`${name} has no default export: write export default spec(...)`);
  }
  if (!isSpecification(module.default)) {
    throw new UsageError(`the default export of ${name} is no spec: write export default spec(...)`);
  }
  return wary(module.default);
}

/** Where workers find the spec of this name, path or URL. */
export async function sourceOf(
  name: string,
  { cwd }: Where,
): Promise<{ readonly module: string; readonly name?: string }> {
  if (!Object.hasOwn(catalog, name)) return { module: await urlOf(name, cwd ?? Deno.cwd()) };
  return { module: new URL("../catalog/loading.ts", import.meta.url).href, name };
}

/** The address of a module. What could make Deno download a package is none. */
async function urlOf(name: string, cwd: string): Promise<string> {
  const [, scheme] = name.match(/^([a-z][a-z0-9+.-]+):/i) ?? [];
  if (scheme !== undefined) {
    if (/^(https?|file)$/i.test(scheme)) return name;
    throw new UsageError(`a spec is a name in the catalog, a path, or a URL of http or https, not ${name}`);
  }
  const path = resolve(cwd, name);
  const kind = await kindOf(path);
  if (kind === "file") return toFileUrl(path).href;
  if (kind === "folder") {
    throw new UsageError(`${name} is a folder: name a module whose default export is a spec`);
  }
  if (/[./\\]/.test(name)) throw new UsageError(`there is no file ${name}`);
  const names = Object.keys(catalog);
  throw new UsageError(
    `there is no spec ${name}: the catalog has ${names.join(", ")}${suggestion(name, names)}`,
  );
}

/** From now on an error that nobody catches is the module's, such as of a timer: our own code catches all of its own. */
function blame(name: string): void {
  function end(error: unknown): void {
    note(visibleLines(`error: ${name} threw, and nobody caught it: ${told(error)}`));
    Deno.exit(64);
  }
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    end(event.error);
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    end(event.reason);
  });
}

async function load(name: string, url: string, seconds: number): Promise<Readonly<Record<string, unknown>>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${name} isn't loaded after ${seconds} s: does it await something that never comes?`;
    timer = setTimeout(() => reject(new UsageError(message)), seconds * 1000);
  });
  try {
    return await Promise.race([import(url), late]);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${name} can't be loaded: ${told(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function told(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}${placeIn(error)}` : String(error);
}

/** A spec of somebody else's. What it throws, however it was made, is for its author. */
function wary(spec: Specification): Specification {
  const { name, parameters, bounds, depth } = spec;
  const where = `spec ${name}`;
  return {
    name,
    parameters,
    bounds,
    depth,
    summary: (values) => guarded(where, () => String(spec.summary(values))),
    build(values) {
      const model = guarded(where, () => spec.build(values));
      if (typeof model?.expand === "function") return model;
      throw new UsageError(`${where}: its build returns no model`);
    },
  };
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
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
export function choose(
  spec: Specification,
  flags: Pick<CheckFlags, "bounds" | "set" | "servers" | "crashes">,
): Chosen {
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
  if (standard === undefined) {
    throw new UsageError(`${spec.name} has no parameter ${key}: ${list(key, Object.keys(spec.parameters))}`);
  }
  const value = parameterIn(text, standard);
  if (value === null) throw new UsageError(noValue(spec, key, text));
  return value;
}

function list(name: string, names: readonly string[]): string {
  return names.length === 0 ? "it has none" : `there are ${names.join(", ")}${suggestion(name, names)}`;
}
