/** What can happen next, as a person chooses: one choice for a message or happening, with its variants beside it. */
import { unreachable } from "../../../src/core/mod.ts";
import type { Model, State, Step } from "../../checker/model.ts";
import type { Enabled, Snapshot } from "../snapshot.ts";
import { type Glyph, glyphOf } from "./diagram.ts";
import { envelopeOf, messageOf, signOf, type Traffic } from "./flights.ts";
import { messageText } from "./message_text.ts";

/** What a variant of a choice does differently. */
export type VariantKind = "drop" | "duplicate" | "held" | "other";

/** The same with another outcome: the message is lost or duplicated, the write is held back. */
export interface Variant {
  /** What is different. */
  readonly kind: VariantKind;
  /** The step. */
  readonly enabled: Enabled;
  /** For a button, in a few words. */
  readonly title: string;
}

/** One thing that can happen next. */
export interface Choice {
  /** The step. */
  readonly enabled: Enabled;
  /** How it looks. */
  readonly glyph: Glyph;
  /** In a few words, such as `RequestVote` or `election timeout`. */
  readonly title: string;
  /** What a message says; empty for anything else. */
  readonly detail: string;
  /** Who sent the message; null if it is none. */
  readonly from: string | null;
  /** The message; null if it is none. */
  readonly message: number | null;
  /** The key that takes it; null if there are no more keys. */
  readonly key: string | null;
  /** Other outcomes. */
  readonly variants: readonly Variant[];
}

/** What can happen in one place. */
export interface ChoiceGroup {
  /** The server, or the name of an action. */
  readonly where: string;
  /** What everyday life brings: messages first. */
  readonly choices: readonly Choice[];
  /** What an administrator may ask for. */
  readonly requests: readonly Choice[];
}

/** The keys of choices, in order. */
export const choiceKeys: readonly string[] = [..."1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** What can happen next, by place; of messages, those that are longer on their way come first. */
export function choicesOf(
  model: Model,
  { state, enabled }: Snapshot,
  { inFlight }: Traffic,
): readonly ChoiceGroup[] {
  const ages = new Map(inFlight.toReversed().map(({ message, sentAt }) => [message, sentAt]));
  const keys = [...choiceKeys];
  return enabled.map(({ where, enabled: all }): ChoiceGroup => {
    const bundles = new Map<string, Enabled[]>();
    for (const one of all) {
      const name = plainLabel(one.step);
      bundles.set(name, [...bundles.get(name) ?? [], one]);
    }
    const age = ({ message }: Choice) => message === null ? 0 : ages.get(message) ?? 0;
    const choices = [...bundles.values()].map((bundle) => choiceOf(model, state, bundle))
      .sort((a, b) => rank(a.enabled.step) - rank(b.enabled.step) || age(a) - age(b));
    const isRequest = ({ glyph }: Choice) => glyph === "transfer" || glyph === "change";
    const withKeys = (chosen: readonly Choice[]) =>
      chosen.map((choice): Choice => ({ ...choice, key: keys.shift() ?? null }));
    return {
      where,
      choices: withKeys(choices.filter((choice) => !isRequest(choice))),
      requests: choices.filter(isRequest),
    };
  }).filter(({ choices, requests }) => choices.length + requests.length > 0);
}

/** The choices that have keys. */
export function choiceOfKey(groups: readonly ChoiceGroup[], key: string): Choice | null {
  return groups.flatMap(({ choices }) => choices).find((choice) => choice.key === key) ?? null;
}

/** The label of the usual outcome: what the network delivers, and the disk takes at once. */
function plainLabel(step: Step): string {
  const { label, servers: [from = ""] } = step;
  if (from === "") return label;
  const usual = signOf(step) === null ? label : `${from}>${label.slice(from.length + 1)}`;
  return usual.replace(/_$/, "");
}

/** Messages come first, then time, clients, the disk, and crashes. */
function rank(step: Step): number {
  const glyph = glyphOf(step);
  const order: readonly Glyph[] = [
    "message",
    "timer",
    "disk",
    "proposal",
    "read",
    "compaction",
    "action",
    "crash",
    "transfer",
    "change",
    "start",
  ];
  return order.indexOf(glyph);
}

function choiceOf(model: Model, state: State, bundle: readonly Enabled[]): Choice {
  const usual = bundle.find(({ step }) => step.label === plainLabel(step)) ?? bundle[0]!;
  const { step } = usual;
  const message = messageOf(model, state, step);
  const others = bundle.filter((one) => one !== usual);
  return {
    enabled: usual,
    glyph: glyphOf(step),
    title: step.event,
    detail: message === null ? "" : messageText(envelopeOf(model, message)),
    from: message === null ? null : step.servers[0] ?? null,
    message,
    key: null,
    variants: others.map((enabled) => {
      const kind = variantOf(enabled.step);
      return { kind, enabled, title: titleOf(kind, enabled.step) };
    }),
  };
}

function variantOf(step: Step): VariantKind {
  const sign = signOf(step);
  if (sign === "~") return "drop";
  if (sign === "+") return "duplicate";
  return step.label.endsWith("_") ? "held" : "other";
}

function titleOf(kind: VariantKind, { event, label }: Step): string {
  switch (kind) {
    case "drop":
      return `drop ${event}`;
    case "duplicate":
      return `duplicate ${event}`;
    case "held":
      return `${event}, and hold its write back`;
    case "other":
      return label;
    default:
      return unreachable(kind);
  }
}

/** What a choice is called on its button. */
export function choiceText({ title, enabled: { step } }: Choice): string {
  return step.servers.length === 0 ? step.label : title;
}
