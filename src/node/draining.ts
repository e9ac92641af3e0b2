/**
 * Before a node is closed: it takes nothing new, hands leadership over (thesis 3.10), and lets what waits come to its end, so
 * that a restart costs nobody a request.
 */
import { latestConfiguration, votersOf } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import { promised } from "./promised.ts";
import { judgeTransfer, request } from "./requests.ts";
import type { Running } from "./running.ts";

/** Resolves when nothing waits any more, or after so many milliseconds, or when the node has ended. */
export async function drain(node: Running, drainMs: number): Promise<void> {
  const { clock } = node.settings;
  const { promise: over, resolve: giveUp } = promised<void>();
  const cancel = clock.after(drainMs, giveUp);
  let isOver = false;
  let endPause = () => {};
  const pause = async (ms: number) => {
    const { promise, resolve } = promised<void>();
    const cancel = clock.after(ms, resolve);
    endPause = () => {
      cancel();
      resolve();
    };
    await promise;
  };
  try {
    await Promise.race([over, node.stopped, finish(node, pause, () => isOver)]);
  } finally {
    isOver = true;
    cancel();
    endPause();
  }
}

async function finish(
  node: Running,
  pause: (ms: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const { heartbeatMs, electionTimeoutMs: [lingerMs] } = node.settings;
  let hasLed = false;
  while (!isOver()) {
    if (leadsOthers(node)) {
      hasLed = true;
      await handOver(node);
    }
    if (!leadsOthers(node) && isIdle(node)) break;
    if (!isOver()) await pause(heartbeatMs);
  }
  // Others may not have heard yet who leads now, and still send us their proposals: we hand them on.
  if (hasLed && !isOver()) await pause(lingerMs);
}

/** Whether this node leads, and another could. */
function leadsOthers({ loop: { state } }: Running): boolean {
  const voters = votersOf(latestConfiguration(state.log).configuration);
  return state.role.type === "leader" && voters.some((voter) => voter !== state.config.id);
}

/** Whether nobody waits for an answer of this node. */
function isIdle({ table, reads, requests, loop }: Running): boolean {
  return table.waiting.count === 0 && reads.waiting.count === 0 && requests.waiting === null &&
    loop.state.heldProposals.length === 0 && loop.writing === null;
}

/** Tries once. Whatever comes of it shows in the state. */
async function handOver({ requests, settings }: Running): Promise<void> {
  try {
    const event = { type: "transferRequested", to: null } as const;
    await request(requests, event, judgeTransfer(undefined), settings.proposalTimeoutMs);
  } catch (error) {
    if (!(error instanceof RaftError)) throw error;
  }
}
