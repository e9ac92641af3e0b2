/**
 * What needs Deno: a transport over TCP, and storage on Deno KV.
 *
 * @module
 */
export * from "./transport/tcp.ts";
export * from "./storage/deno_kv.ts";
