/**
 * What needs `node:` modules, which Node and Deno both have: storage on a write-ahead log, or on SQLite.
 *
 * @module
 */
export * from "./storage/wal.ts";
export * from "./storage/sqlite.ts";
