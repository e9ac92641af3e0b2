/**
 * A disk for tests: it loses what was not synced, sector by sector and in any order, and what it was told of names; it may
 * fail, and run full. What was synced stays, unless a test damages it.
 */
import type { Files, OpenFile } from "../src/storage/files.ts";
import type { Random } from "./random.ts";

const sectorBytes = 512;

/** What is in a file: as programs see it, and as it is after a crash. */
interface Inode {
  content: Uint8Array;
  durable: Uint8Array;
}

/** A disk. */
export interface SimulatedDisk {
  /** The file system on it. */
  readonly files: Files;
  /** How many writes, syncs and changes of names it was asked for. */
  operations(): number;
  /** Lets the operation of this number, and all after it, fail with this error, until the next crash. */
  failFrom(operation: number, code: "EIO" | "ENOSPC" | "crash"): void;
  /**
   * The machine goes down and comes up again: of each sector that was not synced either the old or the new content is
   * there, of changes of names the first few.
   */
  crash(random: Random): void;
  /** The names of the files. */
  names(): readonly string[];
  /** What a file holds durably; changing it is damage. */
  durable(name: string): Uint8Array;
  /** Puts other bytes in place of a file, durably; null removes it. */
  replace(name: string, bytes: Uint8Array | null): void;
}

/** An empty disk. */
export function simulatedDisk(): SimulatedDisk {
  let names = new Map<string, Inode>();
  let durableNames = new Map<string, Inode>();
  /** The changes of names that are not durable yet. */
  let changes: ((names: Map<string, Inode>) => void)[] = [];
  let operations = 0;
  let failure: { readonly from: number; readonly code: string } | null = null;

  function operate(): void {
    operations++;
    if (failure === null || operations < failure.from) return;
    throw Object.assign(new Error(`${failure.code}: the disk fails at operation ${operations}`), {
      code: failure.code,
    });
  }

  function change(act: (names: Map<string, Inode>) => void): void {
    operate();
    act(names);
    changes.push(act);
  }

  function found(path: string): Inode {
    const inode = names.get(path);
    if (inode === undefined) {
      throw Object.assign(new Error(`ENOENT: there is no ${path}`), { code: "ENOENT" });
    }
    return inode;
  }

  const files: Files = {
    makeFolder: async () => {},
    list: (folder) =>
      attempt(() =>
        [...names.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) =>
          path.slice(folder.length + 1)
        )
      ),
    open: (path, mode) =>
      attempt(() => {
        if (mode === "create") {
          const inode = { content: new Uint8Array(0), durable: new Uint8Array(0) };
          change((all) => all.set(path, inode));
        }
        return openFile(found(path), operate);
      }),
    rename: (from, to) =>
      attempt(() => {
        const inode = found(from);
        change((all) => {
          all.set(to, inode);
          all.delete(from);
        });
      }),
    remove: (path) => attempt(() => names.has(path) && change((all) => all.delete(path))).then(() => {}),
    syncFolder: () =>
      attempt(() => {
        operate();
        durableNames = new Map(names);
        changes = [];
      }),
  };
  return {
    files,
    operations: () => operations,
    failFrom: (operation, code) => void (failure = { from: operation, code }),
    crash(random) {
      failure = null;
      const survived = Math.floor(random() * (changes.length + 1));
      names = new Map(durableNames);
      for (const act of changes.slice(0, survived)) act(names);
      for (const inode of new Set(names.values())) inode.content = inode.durable = remains(inode, random);
      durableNames = new Map(names);
      changes = [];
    },
    names: () => [...names.keys()],
    durable: (name) => found(name).durable,
    replace(name, bytes) {
      for (const all of [names, durableNames]) {
        if (bytes === null) all.delete(name);
        else all.set(name, { content: bytes, durable: bytes });
      }
    },
  };
}

/** What a crash leaves of a file. */
function remains({ content, durable }: Inode, random: Random): Uint8Array {
  // Often all or nothing has reached the disk; else each sector for itself.
  const kind = random();
  const survives = () => kind < 0.25 || (kind < 0.75 && random() < 0.5);
  const left = new Uint8Array(Math.max(content.length, durable.length));
  let length = durable.length;
  left.set(durable);
  for (let at = 0; at < content.length; at += sectorBytes) {
    if (!survives()) continue;
    const sector = content.subarray(at, at + sectorBytes);
    left.set(sector, at);
    length = Math.max(length, at + sector.length);
  }
  return left.slice(0, length);
}

function openFile(inode: Inode, operate: () => void): OpenFile {
  const write = (bytes: Uint8Array, position: number) => {
    operate();
    const content = new Uint8Array(Math.max(inode.content.length, position + bytes.length));
    content.set(inode.content);
    content.set(bytes, position);
    inode.content = content;
  };
  const sync = () => {
    operate();
    inode.durable = inode.content;
  };
  return {
    size: () => attempt(() => inode.content.length),
    read: (target, position) =>
      attempt(() => {
        const bytes = inode.content.subarray(position, position + target.length);
        target.set(bytes);
        return bytes.length;
      }),
    write: (bytes, position) => attempt(() => write(bytes, position)),
    fill: (length) =>
      attempt(() => {
        write(new Uint8Array(length), 0);
        sync();
      }),
    sync: () => attempt(sync),
    close: async () => {},
  };
}

/** What throws at once rejects instead, as files do. */
function attempt<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}
