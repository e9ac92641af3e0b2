/** Opens what an address names, and says what is wrong if it can't be opened. */
import { Reshape } from "../../dsl/shape.ts";
import { SpecError } from "../../dsl/specification.ts";
import { loadCore } from "../core_files.ts";
import type { Address } from "../hash.ts";
import { follow, openSession, type Session, shownTrace } from "../session.ts";
import type { Setup } from "../setup.ts";
import { snapshot } from "../snapshot.ts";
import { openSubject, type Subject } from "../subject.ts";
import type { Tour } from "../tours/mod.ts";
import type { Problem } from "./store.ts";

/** The address of a visit. */
export function addressIn(session: Session, tour: Tour | null): Address {
  const { opened: { subject }, path, position, loop } = session;
  const isAtEnd = position === path.length - 1;
  return {
    ...subjectOf(subject),
    trace: shownTrace(session),
    position: isAtEnd ? null : position,
    loop,
    tour: tour?.name ?? null,
  };
}

/**
 * Opens an address; anew, if a value turns out not to keep its shape: the spec knows that then. Of the same subject, what
 * was played is kept.
 *
 * @throws {SpecError} if there is no such thing, or the trace can't be played.
 */
export async function openAddress(
  address: Address,
  current: Session | null,
  setup: Setup,
  asFarAsPossible: boolean,
): Promise<Session> {
  const showing = { ...address, asFarAsPossible };
  let known = current !== null && isSame(current.opened.subject, address) ? current : null;
  while (true) {
    try {
      const session = known !== null ? follow(known, address.trace, showing) : openSession(
        await openSubject(subjectOf(address), { specs: setup.specs, loadCore }),
        address.trace,
        showing,
      );
      snapshot(session);
      return session;
    } catch (error) {
      if (!(error instanceof Reshape)) throw error;
      known = null;
    }
  }
}

function subjectOf({ spec, bounds, parameters, mutant }: Subject): Subject {
  return { spec, bounds, parameters, mutant };
}

function isSame(a: Subject, b: Subject): boolean {
  return JSON.stringify(subjectOf(a)) === JSON.stringify(subjectOf(b));
}

/** What went wrong with an address, for people; `address`: what of it may be shown all the same. */
export function problemOf(error: unknown, address: Address | null): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const isTrace = error instanceof SpecError && message.startsWith("step ");
  return {
    title: isTrace
      ? "This run can't be played: perhaps it is of another version"
      : error instanceof SpecError
      ? "This address can't be opened"
      : "Something went wrong",
    message,
    playable: isTrace ? address : null,
  };
}
