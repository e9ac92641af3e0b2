/**
 * What needs `node:` modules, which Node and Deno both have: storage on a write-ahead log.
 *
 * @module
 */
export * from "./storage/wal.ts";
