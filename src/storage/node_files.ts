/** Files by `node:fs`, on Deno and on Node. */
import fs from "node:fs";
import process from "node:process";
import type { Files, OpenFile } from "./files.ts";

/** The files of this machine. */
export const nodeFiles: Files = {
  makeFolder: async (path) => void await fs.promises.mkdir(path, { recursive: true }),
  list: (folder) => fs.promises.readdir(folder),
  open: (path, mode) =>
    Promise.resolve().then(() => openFile(fs.openSync(path, mode === "create" ? "w+" : "r+"))),
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.rm(path, { force: true }),
  async syncFolder(path) {
    // Windows can't open a folder, and keeps its own record of names.
    if (process.platform === "win32") return;
    const folder = fs.openSync(path, "r");
    try {
      await Promise.resolve(fs.fsyncSync(folder));
    } finally {
      fs.closeSync(folder);
    }
  },
};

/** How many milliseconds a sync may hold up all else in this thread. */
const patienceMs = 2;

/**
 * Reads and writes don't wait for the disk. A sync does: on a quick disk, to hand it to another thread takes longer than
 * the sync itself (115 us here, 250 us in another thread), but a slow disk must not keep heartbeats from leaving.
 */
function openFile(fd: number): OpenFile {
  let isSlow = false;
  return {
    size: () => attempt(() => fs.fstatSync(fd).size),
    read: (target, position) =>
      attempt(() => {
        let done = 0;
        while (done < target.length) {
          const count = fs.readSync(fd, target, done, target.length - done, position + done);
          if (count === 0) break;
          done += count;
        }
        return done;
      }),
    write: (bytes, position) =>
      attempt(() => {
        let done = 0;
        while (done < bytes.length) {
          done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
        }
      }),
    async fill(length) {
      const zeros = new Uint8Array(Math.min(length, 1 << 20));
      for (let at = 0; at < length; at += zeros.length) {
        const count = Math.min(zeros.length, length - at);
        await called((done) => fs.write(fd, zeros, 0, count, at, done));
      }
      await called((done) => fs.fdatasync(fd, done));
    },
    async sync() {
      const start = performance.now();
      if (isSlow) await called((done) => fs.fdatasync(fd, done));
      else fs.fdatasyncSync(fd);
      isSlow = performance.now() - start > patienceMs;
    },
    close: () => attempt(() => fs.closeSync(fd)),
  };
}

/** Calls what works in another thread. */
function called(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => error === null ? resolve() : reject(error)));
}

/** What throws at once rejects instead. */
function attempt<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}
