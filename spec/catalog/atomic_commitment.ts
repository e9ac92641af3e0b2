/**
 * Atomic commitment that doesn't block: also when the coordinator dies, those who live decide.
 *
 * A coordinator asks the participants for their votes, decides to commit if all vote yes, and broadcasts what it has
 * decided, one message at a time. Anybody may die in between, for good. What keeps all decisions the same is how a
 * participant treats a decision that reaches it: it forwards it to all others first, and only then acts on it. So if
 * anybody acts on it, everybody alive has been told. Who hears nothing aborts once it is sure that no decision can
 * reach it any more: the dead have told nobody who lives. Failures are detected without fail, and messages never lost.
 *
 * With `wrong` a participant acts first and forwards then, and the checker shows how two of them decide differently.
 *
 *     deno task check atomic_commitment --set wrong=true
 */
import {
  always,
  type Draft,
  type Each,
  each,
  eventually,
  type Property,
  sometimes,
  spec,
  type Specification,
  steps,
  weak,
} from "../mod.ts";

/** What can be decided, and told. */
export type Decision = "undecided" | "commit" | "abort";

/** A decision told to somebody, or nothing yet. The wrong participant may tell that it is undecided. */
export type Told = "nothing" | Decision;

/** One who takes part. */
export interface Participant {
  /** Its vote: what it would like. */
  readonly vote: "yes" | "no";
  /** Whether it has sent its vote to the coordinator. */
  readonly voteSent: boolean;
  /** What it has decided. */
  readonly decision: Decision;
  /** What it has told each participant; what it has told itself is what it has heard and is to decide. */
  readonly told: readonly Told[];
  /** Whether it lives. */
  readonly alive: boolean;
}

/** The one who asks. */
export interface Coordinator {
  /** Whom it has asked for a vote. */
  readonly asked: readonly boolean[];
  /** The votes that it has. */
  readonly votes: readonly ("none" | "yes" | "no")[];
  /** What it has decided. */
  readonly decision: Decision;
  /** What it has told each participant. */
  readonly told: readonly Told[];
  /** Whether it lives. */
  readonly alive: boolean;
}

/** All of them. */
export interface Commitment {
  /** Those who take part. */
  readonly participants: readonly Participant[];
  /** The one who asks. */
  readonly coordinator: Coordinator;
}

type State = Draft<Commitment>;

/** The spec. Dying is an action of its own: no fairness should ask for it. */
export const atomicCommitment: Specification = spec<Commitment, { participants: number; wrong: boolean }>(
  "atomic_commitment",
  { participants: 2, wrong: false },
  ({ participants, wrong }) => {
    const everyone = Array.from({ length: participants }, (_, participant) => participant);
    const coordinator = coordinatorActions(everyone);
    const participant = participantActions(everyone, wrong);
    return {
      init: votesOf(everyone).map((votes) => ({
        participants: votes.map((vote) => ({
          vote,
          voteSent: false,
          decision: "undecided",
          told: everyone.map(() => "nothing"),
          alive: true,
        })),
        coordinator: {
          asked: everyone.map(() => false),
          votes: everyone.map(() => "none"),
          decision: "undecided",
          told: everyone.map(() => "nothing"),
          alive: true,
        },
      })),
      actions: { ...coordinator, ...participant },
      // Who lives has decided, or the wrong way of it was taken.
      ends: (state) => wrong || isSettled(state),
      fairness: [
        weak(...Object.keys(coordinator).filter((action) => action !== "CoordinatorDies")),
        weak.each(
          ...Object.keys(participant).filter((action) => action !== "Die").map((action) => `${action}(p,_)`),
        ),
      ],
      properties,
    };
  },
);

/** Whether all who live have decided. */
function isSettled({ participants }: Commitment): boolean {
  return participants.every(({ decision, alive }) => decision !== "undecided" || !alive);
}

function coordinatorActions(everyone: readonly number[]) {
  const canCount = ({ alive, decision, asked }: Coordinator) =>
    alive && decision === "undecided" && asked.every(Boolean);
  return {
    Ask: each(everyone, ({ coordinator }: State, to) => {
      if (!coordinator.alive || coordinator.asked[to]) return false;
      coordinator.asked[to] = true;
      return true;
    }),
    GetVote: each(everyone, ({ coordinator, participants }: State, from) => {
      const { vote, voteSent } = participants[from]!;
      if (!canCount(coordinator) || coordinator.votes[from] !== "none" || !voteSent) return false;
      coordinator.votes[from] = vote;
      return true;
    }),
    // Who has died without a vote will never vote.
    DetectFault: each(everyone, ({ coordinator, participants }: State, from) => {
      const { alive, voteSent } = participants[from]!;
      if (!canCount(coordinator) || coordinator.votes[from] !== "none" || alive || voteSent) return false;
      coordinator.decision = "abort";
      return true;
    }),
    DecideToCommit: ({ coordinator }: State) => {
      const { alive, decision, votes } = coordinator;
      if (!alive || decision !== "undecided" || !votes.every((vote) => vote === "yes")) return false;
      coordinator.decision = "commit";
      return true;
    },
    // With all votes at hand, and this one is a no.
    DecideToAbort: each(everyone, ({ coordinator }: State, opponent) => {
      const { alive, decision, votes } = coordinator;
      const isRight = decision === "undecided" && !votes.includes("none") && votes[opponent] === "no";
      if (!alive || !isRight) return false;
      coordinator.decision = "abort";
      return true;
    }),
    Broadcast: each(everyone, ({ coordinator }: State, to) => {
      const { alive, decision, told } = coordinator;
      if (!alive || decision === "undecided" || told[to] !== "nothing") return false;
      told[to] = decision;
      return true;
    }),
    CoordinatorDies: ({ coordinator }: State) => {
      if (!coordinator.alive) return false;
      coordinator.alive = false;
      return true;
    },
  };
}

/**
 * Every action has a participant and a second one, also where no second one matters, as in the published spec:
 * there a step counts once for each.
 */
function participantActions(everyone: readonly number[], wrong: boolean) {
  const does = (act: (self: Draft<Participant>, s: State, index: number, other: number) => boolean) =>
    each(everyone, everyone, (s: State, index, other) => {
      const self = s.participants[index]!;
      return self.alive && act(self, s, index, other);
    });
  const decide = (self: Draft<Participant>, when: boolean, decision: Decision) => {
    if (when) self.decision = decision;
    return when;
  };
  return {
    SendVote: does((self, { coordinator }, index) => coordinator.asked[index]! && (self.voteSent = true)),
    AbortOnNo: does((self) =>
      decide(self, self.decision === "undecided" && self.voteSent && self.vote === "no", "abort")
    ),
    // Nobody has voted for long, and nobody will be asked.
    AbortUnasked: does((self, { coordinator }, index) => {
      const isLost = !coordinator.alive && !coordinator.asked[index];
      return decide(self, self.decision === "undecided" && isLost, "abort");
    }),
    // The coordinator is dead and has told nobody alive, and nor has any of the dead.
    AbortOnTimeout: does((self, { coordinator, participants }) => {
      const living = everyone.filter((index) => participants[index]!.alive);
      const dead = participants.filter(({ alive }) => !alive);
      const isUntold = ({ told }: { told: readonly Told[] }) =>
        living.every((index) => told[index] === "nothing");
      const isLost = !coordinator.alive && isUntold(coordinator) && dead.every(isUntold);
      return decide(self, self.decision === "undecided" && isLost, "abort");
    }),
    Die: does((self) => {
      self.alive = false;
      return true;
    }),
    ...(wrong ? hastyActions(does, decide) : carefulActions(does)),
  };
}

type Does = (
  act: (self: Draft<Participant>, s: State, index: number, other: number) => boolean,
) => Each<State>;

/** First hear, then forward to all others, and only then act on it. */
function carefulActions(does: Does) {
  const hear = (self: Draft<Participant>, index: number, what: Told) => {
    if (self.told[index] !== "nothing" || what === "nothing") return false;
    self.told[index] = what;
    return true;
  };
  return {
    HearFromCoordinator: does((self, s, index) => hear(self, index, s.coordinator.told[index]!)),
    HearForwarded: does((self, s, index, other) =>
      index !== other && hear(self, index, s.participants[other]!.told[index]!)
    ),
    Forward: does((self, _, index, other) => {
      if (self.told[index] === "nothing" || self.told[other] !== "nothing") return false;
      self.told[other] = self.told[index]!;
      return true;
    }),
    Act: does((self, _, index) => {
      const heard = self.told[index]!;
      if (heard === "nothing" || self.told.includes("nothing")) return false;
      self.decision = heard;
      return true;
    }),
  };
}

/** Wrong on purpose: acts on what it hears, and forwards it then. Whom it hasn't told yet never knows, if it dies. */
function hastyActions(
  does: Does,
  decide: (self: Draft<Participant>, when: boolean, decision: Decision) => boolean,
) {
  const hear = (self: Draft<Participant>, what: Told) =>
    what !== "nothing" && decide(self, self.decision === "undecided", what);
  return {
    HearFromCoordinator: does((self, s, index) => hear(self, s.coordinator.told[index]!)),
    HearForwarded: does((self, s, index, other) =>
      index !== other && hear(self, s.participants[other]!.told[index]!)
    ),
    Forward: does((self, _, index, other) => {
      if (index === other || self.told[other] !== "nothing") return false;
      self.told[other] = self.decision;
      return true;
    }),
  };
}

const properties: readonly Property<Commitment>[] = [
  always("AC1", "all who decide decide the same", ({ participants }) => {
    const decisions = participants.map(({ decision }) => decision);
    return !decisions.includes("commit") || !decisions.includes("abort") ||
      `${decisions.indexOf("commit")} commits, ${decisions.indexOf("abort")} aborts`;
  }),
  always("AC2", "who commits does so because all have voted yes", ({ participants }) => {
    const committed = participants.findIndex(({ decision }) => decision === "commit");
    const opposed = participants.findIndex(({ vote }) => vote === "no");
    return committed < 0 || opposed < 0 || `${committed} commits, but ${opposed} has voted no`;
  }),
  always(
    "AC3",
    "who aborts does so because somebody votes no or has died",
    ({ participants, coordinator }) => {
      const aborted = participants.findIndex(({ decision }) => decision === "abort");
      const hasReason = !coordinator.alive || participants.some(({ vote, alive }) => vote === "no" || !alive);
      return aborted < 0 || hasReason || `${aborted} aborts, though all live and vote yes`;
    },
  ),
  steps("AC4", "nobody changes a decision", (before, after) => {
    const fickle = before.participants.findIndex(({ decision }, index) =>
      decision !== "undecided" && decision !== after.participants[index]?.decision
    );
    return fickle < 0 || `${fickle} decides again`;
  }),
  eventually(
    "AC3, Without Faults",
    "some day all have decided, if nobody dies",
    ({ participants, coordinator }) =>
      participants.every(({ decision }) => decision !== "undecided") ||
      !coordinator.alive || participants.some(({ alive }) => !alive),
  ),
  eventually("AC5", "some day all who live have decided", isSettled),
  sometimes(
    "all commit",
    "it can come to a commit everywhere",
    ({ participants }) => participants.every(({ decision }) => decision === "commit"),
  ),
];

function votesOf(everyone: readonly number[]): readonly (readonly ("yes" | "no")[])[] {
  return everyone.reduce<readonly (readonly ("yes" | "no")[])[]>(
    (shorter) => shorter.flatMap((votes) => [[...votes, "yes" as const], [...votes, "no" as const]]),
    [[]],
  );
}

export default atomicCommitment;
