/**
 * What runs on Deno: a transport over TCP, clients over TCP, storage on Deno KV, and storage on a write-ahead log.
 *
 * @module
 */
export * from "./client/tcp.ts";
export * from "./transport/tcp.ts";
export * from "./storage/deno_kv.ts";
export * from "./nodejs.ts";
