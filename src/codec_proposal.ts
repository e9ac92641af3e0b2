/** Proposals, alone or in an entry of the log, to values of a flat array and back: a part of `codec.ts`. */
import type { Proposal, ProposalId, SessionCommand } from "./core/mod.ts";
import { CodecError, readBytes, type Reader, readInteger, readNodeId } from "./codec_flat.ts";
import { put, putAll, type Writer } from "./codec_writer.ts";

/** What a proposal is, and an entry with it; the other kinds of entries have other numbers. */
export const proposalKind = { command: 1, sessionCommand: 3, sessionOpening: 4 } as const;

/** Which kind of proposal this is. */
export function kindOf({ session }: Proposal): number {
  if (session === undefined) return proposalKind.command;
  return session.type === "open" ? proposalKind.sessionOpening : proposalKind.sessionCommand;
}

/** What follows its kind. Who opens a session has no command. */
export function putProposal(writer: Writer, { id, command, session }: Proposal): void {
  putId(writer, id);
  if (session?.type === "open") return putAll(writer, [session.maxSessions, session.maxAnswers]);
  if (session !== undefined) {
    putAll(writer, [session.session, session.sequence, session.firstUnanswered]);
  }
  put(writer, command);
}

/** The name of a proposal. */
export function putId(writer: Writer, { node, incarnation, sequence }: ProposalId): void {
  put(writer, node);
  put(writer, incarnation);
  put(writer, sequence);
}

/** A proposal, its kind first. */
export function readProposal(reader: Reader): Proposal {
  const kind = readInteger(reader, "kind of proposal");
  switch (kind) {
    case proposalKind.command:
    case proposalKind.sessionCommand:
    case proposalKind.sessionOpening:
      return readProposalOf(reader, kind);
    default:
      throw new CodecError(`${reader.what}: unknown kind of proposal: ${kind}`);
  }
}

/** What follows its kind. */
export function readProposalOf(
  reader: Reader,
  kind: (typeof proposalKind)[keyof typeof proposalKind],
): Proposal {
  const id = readProposalId(reader);
  switch (kind) {
    case proposalKind.command:
      return { id, command: readBytes(reader, "command") };
    case proposalKind.sessionCommand: {
      const session = readSessionCommand(reader);
      return { id, command: readBytes(reader, "command"), session };
    }
    case proposalKind.sessionOpening: {
      const maxSessions = readInteger(reader, "maxSessions");
      const session = { type: "open", maxSessions, maxAnswers: readInteger(reader, "maxAnswers") } as const;
      return { id, command: new Uint8Array(), session };
    }
  }
}

function readSessionCommand(reader: Reader): SessionCommand {
  return {
    type: "command",
    session: readInteger(reader, "session"),
    sequence: readInteger(reader, "sequence"),
    firstUnanswered: readInteger(reader, "firstUnanswered"),
  };
}

/** The name of a proposal. */
export function readProposalId(reader: Reader): ProposalId {
  return {
    node: readNodeId(reader, "node"),
    incarnation: readInteger(reader, "incarnation"),
    sequence: readInteger(reader, "sequence"),
  };
}
