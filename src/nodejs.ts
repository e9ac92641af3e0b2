/**
 * What needs `node:` modules, which Node and Deno both have: a transport over mutual TLS, and storage on a write-ahead log.
 *
 * @module
 */
export * from "./storage/wal.ts";
export * from "./transport/tls.ts";
