/** The core under check: `src/core` itself, or a mutant of it. */
import { restart, step, timersOf } from "../../src/core/mod.ts";

/** What the spec uses of the core. */
export interface Core {
  /** The consensus algorithm. */
  readonly step: typeof step;
  /** A server that starts again from its disk. */
  readonly restart: typeof restart;
  /** The timers that run. */
  readonly timersOf: typeof timersOf;
}

/** The core that production runs. */
export const core: Core = { step, restart, timersOf };
