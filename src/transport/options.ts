/** Checks of the options of adapters. */
import { RaftError } from "../error.ts";

/** What checks options and puts in the defaults, such as a schema of zod. */
export interface OptionsSchema<Options> {
  /** The options, or all that is wrong with them. */
  safeParse(options: unknown): { readonly success: true; readonly data: Options } | {
    readonly success: false;
    readonly error: { readonly issues: readonly OptionsIssue[] };
  };
}

/** One thing that is wrong with options. */
export interface OptionsIssue {
  /** The field; empty for the options as a whole. */
  readonly path: readonly PropertyKey[];
  /** What was expected. */
  readonly message: string;
}

/**
 * The options, with their defaults.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming each wrong field and what was expected.
 */
export function checkedOptions<Options>(
  adapter: string,
  schema: OptionsSchema<Options>,
  options: unknown,
): Options {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    `${path.join(".") || "options"}: ${message}`
  );
  throw new RaftError("InvalidOptions", `${adapter}: ${problems.join("; ")}`);
}
