/**
 * The alternating bit protocol: values get through a line that loses messages, in order and once each.
 *
 * The sender puts a bit on every message, and sends the same message again and again until an acknowledgement with
 * this bit comes back; for the next value it takes the other bit. The receiver takes what comes, and acknowledges
 * the bit that it saw last, again and again. Messages and acknowledgements stay in order, but any may be lost.
 * The lines could grow for ever, so a constraint bounds how many are under way.
 *
 *     deno task check alternating_bit --set messages=3
 */
import { each, leadsTo, refines, sometimes, spec, type Specification, steps, strong, weak } from "../mod.ts";
import { type Handover, handover } from "./handover.ts";

/** A bit. */
export type Bit = 0 | 1;

/** What is on its way to the receiver. */
export interface Message {
  /** The sender's bit for this value. */
  readonly bit: Bit;
  /** The value. */
  readonly value: string;
}

/** The sender, the receiver, and the two lines between them. */
export interface Line {
  /** Messages on their way, the oldest first. */
  readonly messages: readonly Message[];
  /** Acknowledged bits on their way back, the oldest first. */
  readonly acks: readonly Bit[];
  /** The sender's bit for the value that it sends now. */
  readonly senderBit: Bit;
  /** The last bit that was acknowledged to it: the value has arrived when this is its own bit. */
  readonly ackedBit: Bit;
  /** The last bit that the receiver saw. */
  readonly receiverBit: Bit;
  /** The last value that was sent. */
  readonly sent: string;
  /** The last value that was received. */
  readonly received: string;
}

/** The spec. `messages` and `acks` say how many may be under way. */
export const alternatingBit: Specification = spec<
  Line,
  { values: number; messages: number; acks: number }
>(
  "alternating_bit",
  { values: 2, messages: 2, acks: 2 },
  (parameters) => {
    const values = Array.from(
      { length: parameters.values },
      (_, value) => `v${value + 1}`,
    );
    const places = (count: number) => Array.from({ length: count }, (_, place) => place);
    return {
      init: initialLines(values),
      actions: {
        SendNew: each(values, (s, value) => {
          if (s.ackedBit !== s.senderBit) return false;
          s.sent = value;
          s.senderBit = flipped(s.senderBit);
          s.messages.push({ bit: s.senderBit, value });
          return true;
        }),
        Resend: (s) => {
          if (s.ackedBit === s.senderBit) return false;
          s.messages.push({ bit: s.senderBit, value: s.sent });
          return true;
        },
        Receive: (s) => {
          const message = s.messages.shift();
          if (message === undefined) return false;
          s.receiverBit = message.bit;
          s.received = message.value;
          return true;
        },
        SendAck: (s) => {
          s.acks.push(s.receiverBit);
        },
        ReceiveAck: (s) => {
          const bit = s.acks.shift();
          if (bit === undefined) return false;
          s.ackedBit = bit;
          return true;
        },
        LoseMessage: each(
          places(parameters.messages),
          (s, place) => s.messages.splice(place, 1).length > 0,
        ),
        LoseAck: each(
          places(parameters.acks),
          (s, place) => s.acks.splice(place, 1).length > 0,
        ),
      },
      constraint: ({ messages, acks }) =>
        messages.length <= parameters.messages &&
        acks.length <= parameters.acks,
      // The lines lose much, but not all for ever.
      fairness: [weak("Resend"), weak("SendAck"), strong("Receive"), strong("ReceiveAck")],
      properties: [
        steps(
          "Acknowledged Means Received",
          "when the sender gets its bit back, the receiver has the value",
          (before, { senderBit, ackedBit, sent, received }) =>
            before.senderBit === before.ackedBit || senderBit !== ackedBit ||
            sent === received ||
            `${sent} was sent, but ${received} received`,
        ),
        steps(
          "In Order, Once",
          "the receiver's bit changes only when the value under way arrives, before the next one is sent",
          (before, after) =>
            before.receiverBit === after.receiverBit ||
            (after.receiverBit === before.senderBit &&
              after.received === before.sent &&
              before.ackedBit !== before.senderBit) ||
            `${after.received} was received while ${before.sent} was sent`,
        ),
        sometimes(
          "a value gets through",
          "the receiver can have the value before the sender knows",
          ({ senderBit, ackedBit, receiverBit, sent, received }) =>
            senderBit !== ackedBit && receiverBit === senderBit && received === sent,
        ),
        ...values.map((value) =>
          leadsTo<Line>(`${value} Arrives`, "a value that is sent is received some day", {
            when: ({ senderBit, ackedBit, sent }) => sent === value && senderBit !== ackedBit,
            then: ({ received }) => received === value,
          })
        ),
        refines<Line>(
          "As If Nothing Were Lost",
          "seen from the two ends it is a line on which every value arrives",
          handover,
          ({ senderBit, ackedBit, receiverBit, sent, received }): Handover => ({
            senderBit,
            ackedBit,
            receiverBit,
            sent,
            received,
          }),
          { values: parameters.values },
        ),
      ],
    };
  },
);

function flipped(bit: Bit): Bit {
  return bit === 0 ? 1 : 0;
}

/** Nothing is under way, and all agree on the bit; what was sent and received before doesn't matter. */
function initialLines(values: readonly string[]): readonly Line[] {
  const bits: readonly Bit[] = [0, 1];
  return bits.flatMap((bit) =>
    values.flatMap((sent) =>
      values.map((received): Line => ({
        messages: [],
        acks: [],
        senderBit: bit,
        ackedBit: bit,
        receiverBit: bit,
        sent,
        received,
      }))
    )
  );
}

export default alternatingBit;
