/**
 * A disk for tests: it loses what was not synced, sector by sector and in any order, and what it was told of names; it may
 * fail, and run full. A sync that failed has written nothing, and the next one doesn't try again: what is in memory looks
 * as if it were written. What was synced stays, unless a test damages it.
 */
import { assert } from "@std/assert";
import type { Files, OpenFile } from "../src/storage/files.ts";
import type { Random } from "./random.ts";

const sectorBytes = 512;

/** What is in a file: as programs see it, and as it is after a crash. Neither is changed in place. */
interface Inode {
  content: Uint8Array;
  durable: Uint8Array;
  /** The sectors that the next sync writes. */
  readonly unsynced: Set<number>;
  /** Whether a sync has failed: then sectors may differ that no sync will write. */
  hasLost: boolean;
}

function inodeOf(bytes: Uint8Array): Inode {
  return { content: bytes, durable: bytes, unsynced: new Set(), hasLost: false };
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
   * there, of changes of names some.
   */
  crash(random: Random): void;
  /** The process ends, and the machine goes on: all that was written is still there to be read, durable or not. */
  kill(): void;
  /** The names of the files. */
  names(): readonly string[];
  /** What a file holds after a crash that has lost nothing; changing it is damage. */
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
          const inode = inodeOf(new Uint8Array(0));
          change((all) => all.set(path, inode));
        }
        const inode = found(path);
        const isNamed = () => [...names.values()].includes(inode);
        return openFile(inode, operate, { isLosing: () => failure?.code === "EIO", isNamed });
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
      const kind = random();
      names = new Map(durableNames);
      for (const act of changes) if (kind < 0.25 || (kind < 0.75 && random() < 0.5)) act(names);
      for (const inode of new Set(names.values())) Object.assign(inode, inodeOf(remains(inode, random)));
      durableNames = new Map(names);
      changes = [];
    },
    kill: () => void (failure = null),
    names: () => [...names.keys()],
    durable(name) {
      const { content, durable } = found(name);
      assert(content === durable, "only what is at rest can be damaged");
      return durable;
    },
    replace(name, bytes) {
      for (const all of [names, durableNames]) {
        if (bytes === null) all.delete(name);
        else all.set(name, inodeOf(bytes));
      }
    },
  };
}

/** What a crash leaves of a file. */
function remains({ content, durable, unsynced }: Inode, random: Random): Uint8Array {
  if (content === durable) return durable;
  // Often all or nothing has reached the disk; else each sector for itself.
  const kind = random();
  const survives = () => kind < 0.25 || (kind < 0.75 && random() < 0.5);
  return withSectors(durable, content, [...unsynced].filter(survives));
}

/** The bytes with some sectors of others in place of their own. */
function withSectors(bytes: Uint8Array, others: Uint8Array, sectors: readonly number[]): Uint8Array {
  const ends = sectors.map((sector) => Math.min(others.length, (sector + 1) * sectorBytes));
  const all = new Uint8Array(Math.max(bytes.length, ...ends));
  all.set(bytes);
  for (const sector of sectors) {
    const at = sector * sectorBytes;
    all.set(others.subarray(at, at + sectorBytes), at);
  }
  return all;
}

/** What becomes of syncs. */
interface Syncing {
  readonly isLosing: () => boolean;
  readonly isNamed: () => boolean;
}

function openFile(inode: Inode, operate: () => void, { isLosing, isNamed }: Syncing): OpenFile {
  const write = (bytes: Uint8Array, position: number) => {
    operate();
    const content = new Uint8Array(Math.max(inode.content.length, position + bytes.length));
    content.set(inode.content);
    content.set(bytes, position);
    inode.content = content;
    const end = Math.ceil((position + bytes.length) / sectorBytes);
    for (let sector = Math.floor(position / sectorBytes); sector < end; sector++) inode.unsynced.add(sector);
  };
  const sync = () => {
    try {
      operate();
    } catch (error) {
      if (isLosing()) {
        inode.unsynced.clear();
        inode.hasLost = true;
      }
      throw error;
    }
    const { content, durable, unsynced, hasLost } = inode;
    inode.durable = hasLost ? withSectors(durable, content, [...unsynced]) : content;
    unsynced.clear();
    if (isNamed()) return;
    throw Object.assign(new Error("ENOENT: the file was removed"), { code: "ENOENT" });
  };
  return {
    size: () => attempt(() => inode.content.length),
    read: (target, position) =>
      attempt(() => {
        const bytes = inode.content.subarray(position, position + target.length);
        target.set(bytes);
        return bytes.length;
      }),
    write,
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
