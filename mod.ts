/**
 * Raft as one pure function, and a node around it that works on any transport and storage.
 *
 * - {@linkcode RaftNode} is a server of a cluster: it broadcasts commands in one total order.
 * - {@linkcode step} is the consensus core; everything that it needs and says is exported beside it.
 * - {@linkcode Transport} and {@linkcode Storage} are what a node needs; `memoryNetwork` and `memoryStorage` are
 *   those for tests, and `@quorate/raft/deno` has TCP and Deno KV.
 *
 * Nothing here needs a particular runtime.
 *
 * @example Three nodes on a network in memory
 * ```ts
 * import { memoryNetwork, memoryStorage, RaftNode } from "@quorate/raft";
 *
 * const network = memoryNetwork();
 * const peers = ["a", "b", "c"];
 * const start = (id: string) =>
 *   RaftNode.start({ id, peers, bootstrap: true, transport: network.transport(), storage: memoryStorage() });
 * const [a, b, c] = await Promise.all([start("a"), start("b"), start("c")]);
 * await b.broadcast(new TextEncoder().encode("hello, everyone"));
 * for await (const { index, bytes } of c.deliveries()) {
 *   console.log(index, new TextDecoder().decode(bytes)); // 2 hello, everyone
 *   break;
 * }
 * await Promise.all([a, b, c].map((node) => node.close()));
 * ```
 *
 * @module
 */
export * from "./src/core/mod.ts";
export * from "./src/client/service.ts";
export * from "./src/error.ts";
export * from "./src/logging.ts";
export * from "./src/node.ts";
export type {
  AnswerCodec,
  BatchStateMachine,
  Clock,
  CommittedCommand,
  Connection,
  Identity,
  OpenStorage,
  Random,
  SingleStateMachine,
  StateMachine,
  StateMachineExtras,
  Storage,
  Transport,
  TransportContext,
  WriteOptions,
} from "./src/ports.ts";
export * from "./src/storage/memory.ts";
export type { Outcome as TraceOutcome, StepFunction, TraceWriter } from "./src/trace/record.ts";
export * from "./src/trace/replay.ts";
export * from "./src/transport/memory.ts";
export type { StreamLimits } from "./src/transport/streams.ts";
export * from "./src/transport/websocket.ts";
