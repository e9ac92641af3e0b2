/**
 * What runs on Deno: transports over TCP, mutual TLS and WebSockets; clients over TCP; storage on Deno KV, on a write-ahead
 * log, or on SQLite.
 *
 * @module
 */
export * from "./client/tcp.ts";
export * from "./transport/tcp.ts";
export * from "./transport/deno_websocket.ts";
export * from "./storage/deno_kv.ts";
export * from "./nodejs.ts";
