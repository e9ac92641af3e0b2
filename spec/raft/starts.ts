/** Named runs from whose end the checker searches, too: deep states that single steps reach too late. */

/** A named run. */
export interface NamedStart {
  /** What the state at its end is like. */
  readonly story: string;
  /** How many servers it is for. */
  readonly servers: number;
  /** How many of them are members at first; all if left out. */
  readonly voters?: number;
  /** Whether it is for servers with pre-vote; without, if left out. */
  readonly preVote?: boolean;
  /** Whether it is for servers with check-quorum; without, if left out. */
  readonly checkQuorum?: boolean | "either";
  /** Whether it is only for servers that read by lease. */
  readonly leaseReads?: boolean;
  /** Whether it is only for checks with snapshots. */
  readonly snapshots?: boolean;
  /** Whether it is only for checks with sessions of clients. */
  readonly sessions?: boolean;
  /** The run. */
  readonly trace: string;
}

/** The starts, by name. */
export const starts: Readonly<Record<string, NamedStart>> = {
  leader: {
    story: "a leads term 1, its no-op is committed on a and b, and c has heard of nothing",
    servers: 3,
    checkQuorum: "either",
    trace: "a! a>b a~c b>a a>b a~c b>a a>b a~c b>a",
  },
  lag: {
    story: "as leader, and x is committed too: c lags two entries behind",
    servers: 3,
    checkQuorum: "either",
    trace: "a! a>b a~c b>a a>b a~c b>a a>b a~c b>a a=x a>b a~c b>a a>b a~c b>a",
  },
  divided: {
    story:
      "Figure 8b: x is only at a, who doesn't know yet that b leads term 2; its no-op is on its way to c",
    servers: 3,
    trace: "a! a>b a>c b>a c~a a>b a>c b>a c>a a>b a>c b>a c>a a=x a~b a~c b! b~a b>c c>b b~a",
  },
  repair: {
    story:
      "Figure 8c: a, back and leader of term 3, replicates x of term 1; b, back too, has an entry of term 2",
    servers: 3,
    trace: "a! a>b a>c b>a c~a a>b a>c b>a c>a a>b a>c b>a c>a a=x a~b a~c b! b~a b>c c>b b~a b~c b^ " +
      "a^ a! a~b a~c a! a~b a>c c>a a~b",
  },
  members: {
    story: "a leads term 1, all of a, b and c know that its no-op is committed, and d waits to join",
    servers: 4,
    voters: 3,
    checkQuorum: "either",
    trace: "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b b>a a>c c>a",
  },
  joint: {
    story:
      "a, leader of term 1, has appended the joint configuration that replaces c by d; it is on its way to d only",
    servers: 4,
    voters: 3,
    trace: "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b b>a a>c c>a a&a,b,d a~b a~c",
  },
  learner: {
    story: "a leads term 1 of a and b, and c is a learner; all know that",
    servers: 3,
    voters: 2,
    trace: "a! a>b b>a a>b b>a a>b b>a a&a,b,(c) a>c a>b c>a a>c b>a a>b b>a c>a a>c c>a",
  },
  leased: {
    story:
      "a leads term 1, its no-op is committed at all, and its lease, which counts on b but not on c, runs",
    servers: 3,
    checkQuorum: true,
    leaseReads: true,
    trace: "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b b>a a>c c>a a!heartbeat a>b b>a a~c",
  },
  resent: {
    story:
      "a leads term 1, x is committed, and c has the snapshot of what was before, which is on its way to it again",
    servers: 3,
    snapshots: true,
    trace: "a! a~c a>b b>a a~c a>b b>a a~c a>b b>a a/ a! a>c a>b b>a c>a a+c:InstallSnapshot a=x a>b b>a " +
      "a~c:AppendEntries.1 a~b a~c:AppendEntries.1 a~c:AppendEntries a>c c>a",
  },
  session: {
    story: "a leads term 1, and all of a, b and c know that session 2 is open",
    servers: 3,
    sessions: true,
    trace: "a! a>b a>c b>a c>a a>b a>c b>a c>a a>b b>a a>c c>a a=open a>b a>c b>a c>a a>b a>c b>a c>a",
  },
  twoChanges: {
    story:
      "e was added by a, but only a and e know; a stands for term 3, while b leads term 2 and knows nothing of e",
    servers: 5,
    voters: 4,
    trace: "a! a>b a>c a>d b>a c>a d>a a>b a>c a>d b>a c>a d>a a>b b>a a>c c>a a>d d>a a&a,b,c,d,e a>e e>a " +
      "a>e e>a a~b a~c a~d a^ a! a~b a~c a~d a~e b! b>c c>b b>d d>b b~a:RequestVote b~a b~d a! a~b a~c",
  },
};
