/** Named runs from whose end the checker searches, too: deep states that single steps reach too late. */

/** A named run. */
export interface NamedStart {
  /** What the state at its end is like. */
  readonly story: string;
  /** How many servers it is for. */
  readonly servers: number;
  /** The run. */
  readonly trace: string;
}

/** The starts, by name. */
export const starts: Readonly<Record<string, NamedStart>> = {
  leader: {
    story: "a leads term 1, and its no-op is committed and known to b",
    servers: 3,
    trace: "a! a>b b>a a>b b>a a>b b>a",
  },
};
