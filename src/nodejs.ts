/**
 * What needs `node:` modules, which Node and Deno both have: a transport over mutual TLS; storage on a write-ahead log, or on
 * SQLite.
 *
 * @module
 */
export * from "./storage/wal.ts";
export * from "./storage/sqlite.ts";
export * from "./transport/tls.ts";
