/**
 * A register of which every server keeps a copy of its own: linearizable with one server, and not with two.
 *
 * A server writes what it is asked to, and reads what it has written; servers don't talk to each other. With one of
 * them this is a register. With two a client that writes at one and reads at the other doesn't find its own value.
 *
 *     deno task check single_copy_register --set servers=2
 */
import type { Specification } from "../mod.ts";
import { type Answer, type Question, register } from "./register.ts";

/** The spec. The state of a server is the value, null at first. */
export const singleCopyRegister: Specification = register<string | null, never>(
  "single_copy_register",
  { servers: 1, clients: 2 },
  { initial: () => null, receive },
);

function receive(
  value: string | null,
  message: Question,
): { readonly state: string | null; readonly sends: readonly Answer[] } {
  const { from, to, request } = message;
  return message.type === "Put"
    ? { state: message.value, sends: [{ type: "PutOk", from: to, to: from, request }] }
    : { state: value, sends: [{ type: "GetOk", from: to, to: from, request, value }] };
}

export default singleCopyRegister;
