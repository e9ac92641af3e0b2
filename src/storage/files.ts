/**
 * The operations on files that storages need: a port, so that tests can put a disk below that loses what was not synced.
 * `node_files.ts` is the real one.
 */
import type { WriteOptions } from "../ports.ts";

/** An open file. Positions and lengths are in bytes. */
export interface OpenFile {
  /** How long the file is. */
  size(): Promise<number>;
  /** Fills `target` from this position on, as far as the file goes, and returns how many bytes were read. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of these bytes to the system's memory, which is not durable yet, and doesn't wait for the disk. */
  write(bytes: Uint8Array, position: number): void;
  /** Makes the file this long, all zeros, and durable, while other things go on. */
  fill(length: number): Promise<void>;
  /**
   * Makes durable what was written before the call, and as much of the file's length as is needed to read it. Rejects with
   * the code `ENOENT`, soon if not at once, when the file was removed: nobody could read it after a restart.
   */
  sync(options?: WriteOptions): Promise<void>;
  /** Releases the file. */
  close(): Promise<void>;
}

/** A file system. */
export interface Files {
  /** Makes a folder, and those that it lies in, unless they exist; durably, as far as this process may see those. */
  makeFolder(path: string): Promise<void>;
  /** The names of all files in a folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Opens a file for reading and writing; `create` makes it anew, empty. */
  open(path: string, mode: "existing" | "create"): Promise<OpenFile>;
  /** Gives a file another name in its folder; one that has this name is replaced. Not durable yet. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. Who has it open can still read it. Not durable yet. */
  remove(path: string): Promise<void>;
  /** Makes durable which files are in a folder, and their names. */
  syncFolder(path: string): Promise<void>;
}
