/**
 * Answers of a state machine as bytes: those of sessions are kept in every snapshot, and clients elsewhere get them by
 * the network.
 */
import { decode, encode } from "@msgpack/msgpack";
import type { AnswerCodec } from "./ports.ts";

/**
 * Answers that are plain data, as MessagePack: null, booleans, numbers, strings, `Uint8Array`s, and arrays and objects of
 * those; and undefined, as no bytes at all. Anything else would come back as something else, so it is refused.
 */
export const plainAnswers: AnswerCodec<unknown> = {
  encode(answer) {
    if (answer === undefined) return new Uint8Array();
    checkPlain(answer, "the answer");
    return encode(answer);
  },
  decode(bytes) {
    if (bytes.byteLength === 0) return undefined;
    // Bytes of its own: what is decoded must not change with a buffer that is used again.
    return decode(new Uint8Array(bytes), {
      maxArrayLength: bytes.byteLength,
      maxMapLength: bytes.byteLength,
    });
  },
};

/** @throws {TypeError} naming the part that MessagePack would give back as something else. */
function checkPlain(value: unknown, path: string): void {
  if (
    value === null || ["boolean", "number", "string"].includes(typeof value) || value instanceof Uint8Array
  ) return;
  if (typeof value !== "object") {
    throw new TypeError(`${path} is ${value === undefined ? "undefined" : `a ${typeof value}`}`);
  }
  if (Array.isArray(value)) return value.forEach((item, index) => checkPlain(item, `${path}[${index}]`));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${path} is a ${prototype.constructor?.name ?? "object of a class"}`);
  }
  for (const [key, item] of Object.entries(value)) checkPlain(item, `${path}.${key}`);
}
