/**
 * What runs on Deno: a transport over TCP, clients over TCP, storage on Deno KV, on a write-ahead log, or on SQLite.
 *
 * @module
 */
export * from "./client/tcp.ts";
export * from "./transport/tcp.ts";
export * from "./storage/deno_kv.ts";
export * from "./nodejs.ts";
