/**
 * Answers of a state machine as bytes: those of sessions are kept in every snapshot, and clients elsewhere get them by
 * the network.
 */
import { decode, encode } from "@msgpack/msgpack";
import type { AnswerCodec } from "./ports.ts";

/**
 * Answers that are plain data, as MessagePack: null, booleans, numbers, strings, `Uint8Array`s, and arrays and objects of
 * those; and undefined, as no bytes at all. An undefined inside of an object comes back as null.
 */
export const plainAnswers: AnswerCodec<unknown> = {
  encode: (answer) => answer === undefined ? new Uint8Array() : encode(answer),
  decode(bytes) {
    if (bytes.byteLength === 0) return undefined;
    // Bytes of its own: what is decoded must not change with a buffer that is used again.
    return decode(new Uint8Array(bytes), {
      maxArrayLength: bytes.byteLength,
      maxMapLength: bytes.byteLength,
    });
  },
};
