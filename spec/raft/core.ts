/** The core under check: `src/core` itself, or a mutant of it. */
import { judgeRequest, restart, sessionsInOrder, step, timersOf, withAnswer } from "../../src/core/mod.ts";

/** What the spec uses of the core. */
export interface Core {
  /** The consensus algorithm. */
  readonly step: typeof step;
  /** A server that starts again from its disk. */
  readonly restart: typeof restart;
  /** The timers that run. */
  readonly timersOf: typeof timersOf;
  /** What an entry does to the table of sessions. */
  readonly judgeRequest: typeof judgeRequest;
  /** A session with an answer. */
  readonly withAnswer: typeof withAnswer;
  /** What a snapshot holds of the table. */
  readonly sessionsInOrder: typeof sessionsInOrder;
}

/** The core that production runs. */
export const core: Core = { step, restart, timersOf, judgeRequest, withAnswer, sessionsInOrder };
