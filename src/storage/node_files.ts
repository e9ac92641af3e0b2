/** Files by `node:fs`, on Deno and on Node. */
import fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import type { Files, OpenFile } from "./files.ts";

/** The files of this machine. */
export const nodeFiles: Files = {
  async makeFolder(path) {
    // The folder may be there since a process was killed before it was durable, so the one around it is synced each time.
    const around = [dirname(path)];
    while (isMissing(around[0]!) && dirname(around[0]!) !== around[0]) {
      around.unshift(dirname(around[0]!));
    }
    await fs.promises.mkdir(path, { recursive: true });
    for (const folder of around) await syncFolder(folder).catch(ignoreUnseen);
  },
  list: (folder) => fs.promises.readdir(folder),
  open: (path, mode) =>
    Promise.resolve().then(() => openFile(fs.openSync(path, mode === "create" ? "w+" : "r+"))),
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.rm(path, { force: true }),
  syncFolder,
};

async function syncFolder(path: string): Promise<void> {
  // Windows can't open a folder, and keeps its own record of names.
  if (process.platform === "win32") return;
  const folder = fs.openSync(path, "r");
  try {
    await called((done) => fs.fsync(folder, done));
  } finally {
    fs.closeSync(folder);
  }
}

function isMissing(path: string): boolean {
  try {
    return !fs.existsSync(path);
  } catch (error) {
    ignoreUnseen(error);
    return false;
  }
}

/** A process that may use a folder need not be allowed to see the one that it lies in. */
function ignoreUnseen(error: unknown): void {
  const { code, name } = error as { code?: string; name?: string };
  if (!["EACCES", "EPERM", "NotCapable"].includes(code ?? name ?? "")) throw error;
}

/** A sync that takes more milliseconds may not hold up all else in this thread, for as long as it does: heartbeats must leave. */
const quickMs = 2;

/** How many milliseconds pass at least before another look whether a file was removed: right after a write it can cost as much. */
const lookMs = 100;

/** How many bytes of zeros go to the disk at a time. */
const fillBytes = 1 << 18;

/** Reads and writes don't wait for the disk. A sync does: in this thread it is over sooner, in another one this one is free. */
function openFile(fd: number): OpenFile {
  let isSlow = false;
  let lookedAt = -lookMs;
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
    write(bytes, position) {
      for (let done = 0; done < bytes.length;) {
        done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
      }
    },
    async fill(length) {
      // In pieces, or other files would wait for the disk until it has taken all of it.
      const zeros = new Uint8Array(Math.min(length, fillBytes));
      for (let at = 0; at < length; at += zeros.length) {
        const count = Math.min(zeros.length, length - at);
        for (let written = 0; written < count;) {
          written += await called<number>((done) =>
            fs.write(fd, zeros, written, count - written, at + written, done)
          );
        }
        await called((done) => fs.fdatasync(fd, done));
      }
    },
    async sync({ mayBlock = false } = {}) {
      const start = performance.now();
      if (mayBlock && !isSlow) fs.fdatasyncSync(fd);
      else await called((done) => fs.fdatasync(fd, done));
      const now = performance.now();
      isSlow = now - start > quickMs;
      if (now - lookedAt < lookMs) return;
      lookedAt = now;
      assertNamed(fd);
    },
    close: () => attempt(() => fs.closeSync(fd)),
  };
}

/** The system goes on writing to a file that was removed, for as long as it is open. */
function assertNamed(fd: number): void {
  // Windows removes no open file, and not every runtime counts names there.
  if (process.platform === "win32" || fs.fstatSync(fd).nlink > 0) return;
  throw Object.assign(new Error("ENOENT: a file was removed while it was in use"), { code: "ENOENT" });
}

/** Calls what works in another thread. */
function called<Result = void>(
  start: (done: (error: Error | null, result: Result) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) =>
    start((error, result) => error === null ? resolve(result) : reject(error))
  );
}

/** What throws at once rejects instead. */
function attempt<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}
