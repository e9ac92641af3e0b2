/** `check --explain`: where a property holds, and not just because nothing happens. */
import { defaultMegabytes } from "../checker/check.ts";
import { explain } from "../checker/explain.ts";
import { resolveParameters } from "../dsl/specification.ts";
import { explanationLines, explanationText } from "../report/explanation.ts";
import { headline } from "../report/text.ts";
import type { CheckFlags } from "./arguments.ts";
import { choose, loadSpec } from "./load.ts";
import { print, sinkFor } from "./output.ts";
import { stopper } from "./stopper.ts";
import { suggestion, UsageError } from "./usage.ts";
import { subjectOf } from "./words.ts";

/** Searches for samples, and prints them: exit 0, 1 if the property is met where it doesn't hold, 2 if there is none. */
export async function runExplain(name: string, property: string, flags: CheckFlags): Promise<number> {
  const spec = await loadSpec(name, flags);
  const { bounds = null, parameters: given } = choose(spec, flags);
  const parameters = resolveParameters(spec, bounds, given);
  const names = spec.build(parameters).properties.map((candidate) => candidate.name);
  if (!names.includes(property)) {
    const all = names.length === 0 ? "it has none" : `there are ${names.join(", ")}`;
    throw new UsageError(`${spec.name} has no property ${property}: ${all}${suggestion(property, names)}`);
  }
  const stop = stopper(flags.timeout);
  try {
    const explanation = await explain(spec, parameters, property, {
      depth: flags.depth ?? spec.depth,
      isExact: flags.exact,
      maxBytes: (flags["max-memory"] ?? defaultMegabytes) * 1e6,
      stopped: () => stop.signal.aborted,
    });
    if (explanation === null) throw new UsageError(`${spec.name} has no property ${property}`);
    const exit = explanation.failure !== null ? 1 : explanation.samples.length > 0 ? 0 : 2;
    if (flags.json) { for (const line of explanationLines(explanation, exit)) print(line); }
    else {print(
        `${headline(spec, parameters, subjectOf(name))}\n\n${
          explanationText(explanation, sinkFor(flags).paint)
        }`,
      );}
    return exit;
  } finally {
    stop.release();
  }
}
