/** What an administrator asks of a leader: one thing at a time, and each hears what came of it. */
import {
  type Event,
  isJoint,
  knownLeader,
  latestConfiguration,
  type NodeId,
  type RefuseRequest,
  type ServerState,
  unreachable,
} from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Clock } from "../ports.ts";

/** What an administrator can ask for. */
export type Request = Extract<Event, { readonly type: "changeRequested" | "transferRequested" }>;

/** Whether a request has come to its end in this state: "pending" as long as it hasn't. */
export type Judge = (state: ServerState) => "pending" | "done" | RaftError;

interface Waiting {
  readonly asked: Request;
  readonly judge: Judge;
  readonly resolve: () => void;
  readonly reject: (error: RaftError) => void;
  readonly cancel: () => void;
}

/** The request that waits, if any does. */
export interface Requests {
  readonly clock: Clock;
  /** Hands an event to the core. */
  readonly submit: (event: Event) => void;
  waiting: Waiting | null;
}

/** Nothing was asked yet. */
export function createRequests(clock: Clock, submit: (event: Event) => void): Requests {
  return { clock, submit, waiting: null };
}

/** Asks the core, and waits until the state of the server says what came of it. */
export function request(
  requests: Requests,
  asked: Request,
  judge: Judge,
  timeoutMs: number,
): Promise<void> {
  if (requests.waiting !== null) {
    const what = `${callOf(requests.waiting.asked)} waits at this node, which does one at a time`;
    return Promise.reject(new RaftError("Pending", `${what}: wait for its end`));
  }
  return new Promise((resolve, reject) => {
    const cancel = requests.clock.after(timeoutMs, () => {
      const message = `nothing came of the request within ${timeoutMs} ms; it may yet`;
      settle(
        requests,
        (waiting) => waiting.reject(new RaftError("Timeout", message, { outcome: "unknown" })),
      );
    });
    requests.waiting = { asked, judge, resolve, reject, cancel };
    requests.submit(asked);
  });
}

/** Looks whether the request that waits has come to its end. */
export function onState(requests: Requests, state: ServerState): void {
  const verdict = requests.waiting?.judge(state) ?? "pending";
  if (verdict === "done") settle(requests, ({ resolve }) => resolve());
  else if (verdict !== "pending") settle(requests, ({ reject }) => reject(verdict));
}

/** The core has refused the request. */
export function onRefused(requests: Requests, { reason }: RefuseRequest, state: ServerState): void {
  settle(requests, ({ reject }) => reject(refusal(reason, state)));
}

/** The node has stopped. */
export function rejectWaiting(requests: Requests, error: RaftError): void {
  settle(requests, ({ reject }) => reject(error));
}

function settle(requests: Requests, how: (waiting: Waiting) => void): void {
  const { waiting } = requests;
  if (waiting === null) return;
  requests.waiting = null;
  waiting.cancel();
  how(waiting);
}

function callOf(asked: Request): string {
  switch (asked.type) {
    case "transferRequested":
      return `transferLeadership(${asked.to === null ? "" : JSON.stringify(asked.to)})`;
    case "changeRequested": {
      const { voters, learners } = asked.change;
      return `changeMembership(${JSON.stringify({ voters, learners })})`;
    }
    default:
      return unreachable(asked);
  }
}

/** The transfer or the change of members that a leader is at, and how far it has come. */
function underWay({ role, log, commitIndex }: ServerState): string {
  if (role.type === "leader" && role.transfer !== null) {
    const { to, isSent } = role.transfer;
    const stage = isSent ? "was told to stand for election" : "lacks some of the log yet";
    return `leadership is being handed over to ${JSON.stringify(to)}, which ${stage}`;
  }
  const { index, configuration: { voters, oldVoters, learners } } = latestConfiguration(log);
  const members = JSON.stringify(
    oldVoters.length === 0 ? { voters, learners } : { oldVoters, voters, learners },
  );
  const stage = index > commitIndex ? "is not committed yet" : "is committed by now";
  return `the change of members to ${members}, at index ${index}, ${stage}`;
}

function refusal(reason: RefuseRequest["reason"], state: ServerState): RaftError {
  switch (reason) {
    case "notLeader":
      return notLeader(state, "no");
    case "notReady":
      return new RaftError(
        "Pending",
        `this leader has committed nothing in its term, ${state.currentTerm}, yet: try again in a moment`,
      );
    case "pending":
      return new RaftError("Pending", `${underWay(state)}: wait for its end`);
    case "unknownServer":
      return new RaftError("InvalidOptions", "leadership can go to another voter only: see status().members");
    case "noVoters":
      return new RaftError("InvalidOptions", "change.voters: expected at least one server");
    case "votingLearner":
      return new RaftError(
        "InvalidOptions",
        "change: expected nobody to be both among the voters and the learners",
      );
  }
}

function notLeader(state: ServerState, outcome: "no" | "unknown"): RaftError {
  const leader = knownLeader(state);
  const advice = leader === null ? "no leader is known: try again later" : `ask ${JSON.stringify(leader)}`;
  return new RaftError("NotLeader", `this node does not lead; ${advice}`, { outcome });
}

/** Ends when another server leads, or the leader has given up to wait for it. */
export function judgeTransfer(to: NodeId | undefined): Judge {
  let began = false;
  return (state) => {
    const { role } = state;
    if (role.type === "leader") {
      if (role.transfer !== null) began = true;
      else if (began) {
        return new RaftError("Timeout", "the other server took too long to take over: this node leads on");
      }
      return "pending";
    }
    if (!began) return "pending";
    const leader = knownLeader(state);
    if (leader === null) return "pending";
    if (to === undefined || leader === to) return "done";
    return new RaftError("NotLeader", `${JSON.stringify(leader)} leads now, not ${JSON.stringify(to)}`);
  };
}

/** Ends when the configuration that was asked for is committed, or somebody else leads. */
export function judgeChange(firstIndex: number): Judge {
  let isOurs = false;
  return (state) => {
    const { index, configuration } = latestConfiguration(state.log);
    if (state.role.type === "leader") isOurs = isOurs || index > firstIndex;
    if (!isOurs) return "pending";
    const isLast = !isJoint(configuration) && configuration.target === null;
    if (isLast && index > firstIndex && index <= state.commitIndex) return "done";
    return state.role.type === "leader" ? "pending" : notLeader(state, "unknown");
  };
}
