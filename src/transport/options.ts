/** Checks of the options of adapters. */
import type { z } from "zod";
import { RaftError } from "../error.ts";

/**
 * The options, with their defaults.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming each wrong field and what was expected.
 */
export function checkedOptions<Schema extends z.ZodType>(
  adapter: string,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    `${path.join(".") || "options"}: ${message}`
  );
  throw new RaftError("InvalidOptions", `${adapter}: ${problems.join("; ")}`);
}
