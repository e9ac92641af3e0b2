/**
 * What runs on Deno: a transport over TCP, storage on Deno KV, on a write-ahead log, or on SQLite.
 *
 * @module
 */
export * from "./transport/tcp.ts";
export * from "./storage/deno_kv.ts";
export * from "./nodejs.ts";
