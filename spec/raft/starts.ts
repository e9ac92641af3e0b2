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
};
