/** The command lines of the benchmarks: names of what is to be measured, and flags. */
import { parseArgs } from "@std/cli";

/** What can be typed. */
export interface Typeable {
  /** The flags that take nothing, but for --help. */
  readonly boolean: readonly string[];
  /** The flags that take a text. */
  readonly string: readonly string[];
  /** What can be named, and what one of them is called in messages. */
  readonly names: readonly string[];
  readonly kind: string;
}

/** What was typed. */
export interface Typed {
  /** By name: true or a text, if it was typed. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Whether this was named, or all is asked for, as nothing was. */
  readonly isChosen: (name: string) => boolean;
}

/** Understands a command line; null if it asks for help, a text if it makes no sense. */
export function typed(
  args: readonly string[],
  { boolean, string, names, kind }: Typeable,
): Typed | string | null {
  let unknown: string | null = null;
  const flags: Readonly<Record<string, unknown>> & { readonly _: readonly unknown[] } = parseArgs([...args], {
    boolean: [...boolean, "help"],
    string: [...string, "_"],
    unknown: (arg) => {
      if (!arg.startsWith("-")) return true;
      unknown ??= `there is no flag ${arg}`;
      return false;
    },
  });
  if (unknown !== null) return unknown;
  if (flags.help === true) return null;
  const given = flags._.map(String);
  const wrong = given.find((name) => !names.includes(name));
  if (wrong !== undefined) return `there is no ${kind} named ${wrong}: there are ${names.join(", ")}`;
  return { flags, isChosen: (name) => given.length === 0 || given.includes(name) };
}

/** What is wrong with a flag that counts; null if nothing is. */
export function wrongCount(flag: string, value: number): string | null {
  return Number.isSafeInteger(value) && value >= 1 ? null : `--${flag} takes a number: 1, 2, 3, ...`;
}
