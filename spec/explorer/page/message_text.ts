/** What messages say, in a line and in a sign. */
import type { Message } from "../../../src/core/mod.ts";
import type { Envelope } from "../../dsl/cluster.ts";
import { show } from "../../dsl/plain.ts";
import { nameOf } from "../../raft/history.ts";

/** What a message says beside who sends which type to whom: `term 1, entries [1x]`. */
export function messageText(envelope: Envelope): string {
  return Object.entries(envelope)
    .filter(([name]) => !["from", "to", "type"].includes(name))
    .filter(([name, value]) => !isUnsaid(name, value))
    .map(([name, value]) => `${name} ${valueText(name, value)}`).join(" · ");
}

/** What belongs to extensions is told only where they say something. */
function isUnsaid(name: string, value: unknown): boolean {
  return (name === "priority" || name === "round" || name === "offset") && value === 0 ||
    name === "isTransfer" && value === false;
}

function valueText(name: string, value: unknown): string {
  if (name === "entries" && Array.isArray(value)) return `[${value.map(entryText).join(" ")}]`;
  if (name === "proposals" && Array.isArray(value)) {
    return `[${value.map(({ command }) => bytesText(command)).join(" ")}]`;
  }
  if (name === "ids" && Array.isArray(value)) {
    return value.map(({ node, incarnation, sequence }) => `${node}${incarnation}.${sequence}`).join(" ");
  }
  if (name === "snapshot" && typeof value === "object" && value !== null && "index" in value) {
    return `up to ${value.index}`;
  }
  if (value instanceof Uint8Array) return bytesText(value);
  return show(value);
}

function entryText(entry: unknown): string {
  const isOfCore = typeof entry === "object" && entry !== null && "term" in entry && "type" in entry;
  return isOfCore ? nameOf(entry as Parameters<typeof nameOf>[0]) : show(entry);
}

function bytesText(value: unknown): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : show(value);
}

/** A message of Raft in a sign of a few letters, to be read at a glance. */
export function messageSign(message: Message): string {
  switch (message.type) {
    case "RequestVote":
    case "PreVote":
      return "?";
    case "RequestVoteResponse":
      return message.voteGranted ? "✓" : "✗";
    case "PreVoteGranted":
      return "✓";
    case "PreVoteRefused":
    case "ProposeRefused":
      return "✗";
    case "AppendEntries":
      return message.entries.length === 0 ? "♥" : message.entries.map(nameOf).join(" ").slice(0, 6);
    case "AppendEntriesResponse":
      return message.success ? `✓${message.matchIndex}` : "✗";
    case "InstallSnapshot":
      return `▣${message.snapshot.index}`;
    case "InstallSnapshotResponse":
      return "✓▣";
    case "TimeoutNow":
      return "⇥";
    case "Propose":
      return "+";
    case "ReadIndex":
      return "r?";
    case "ReadIndexResponse":
      return "r✓";
    default:
      return "•";
  }
}

/** What a message is about, by which the style sheet knows it: a vote, the log, or something else. */
export function familyOf(type: string): "vote" | "append" | "other" {
  if (type.includes("Vote")) return "vote";
  return /^(AppendEntries|InstallSnapshot)/.test(type) ? "append" : "other";
}
