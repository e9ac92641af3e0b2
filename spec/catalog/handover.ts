/**
 * How a sender and a receiver see a line on which every value arrives, in order and once each.
 *
 * The sender flips its bit when it sends a value, the receiver takes that bit when it has received the value, and the
 * sender knows so when the bit is acknowledged. Nothing is said of what is on the line. `alternating_bit` is a way to do
 * it on a line that loses messages.
 *
 *     deno task check handover --set values=3
 */
import { each, leadsTo, spec, type Specification, weak } from "../mod.ts";

type Bit = 0 | 1;

/** What the two ends know. */
export interface Handover {
  /** The sender's bit for the value that it sends now. */
  readonly senderBit: Bit;
  /** The last bit that was acknowledged to it. */
  readonly ackedBit: Bit;
  /** The bit of the last value that was received. */
  readonly receiverBit: Bit;
  /** The last value that was sent. */
  readonly sent: string;
  /** The last value that was received. */
  readonly received: string;
}

/** The spec. */
export const handover: Specification = spec<Handover, { values: number }>(
  "handover",
  { values: 2 },
  (parameters) => {
    const values = Array.from({ length: parameters.values }, (_, value) => `v${value + 1}`);
    const bits: readonly Bit[] = [0, 1];
    return {
      init: bits.flatMap((bit) =>
        values.flatMap((sent) =>
          values.map((received) => ({ senderBit: bit, ackedBit: bit, receiverBit: bit, sent, received }))
        )
      ),
      actions: {
        Send: each(values, (s, value) => {
          if (s.ackedBit !== s.senderBit) return false;
          s.sent = value;
          s.senderBit = s.senderBit === 0 ? 1 : 0;
          return true;
        }),
        Receive: (s) => {
          if (s.receiverBit === s.senderBit) return false;
          s.receiverBit = s.senderBit;
          s.received = s.sent;
          return true;
        },
        Acknowledge: (s) => {
          if (s.receiverBit === s.ackedBit) return false;
          s.ackedBit = s.receiverBit;
          return true;
        },
      },
      fairness: [weak("Receive"), weak("Acknowledge")],
      properties: values.map((value) =>
        leadsTo<Handover>(`${value} Arrives`, "a value that is sent is received some day", {
          when: ({ senderBit, ackedBit, sent }) => sent === value && senderBit !== ackedBit,
          then: ({ received }) => received === value,
        })
      ),
    };
  },
);

export default handover;
