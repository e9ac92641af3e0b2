/**
 * Writes until it is killed: kill_child.ts ENGINE FOLDER SEED NUMBER. Says on stdout when each write begins and is done,
 * and when each commit of Deno KV is done.
 */
import { openKvWith } from "./deno_kv_files.ts";
import { type Engine, engines } from "./engines.ts";
import { identity, isCompacting, isOversized, snapshotOf, writeNumber } from "./kill_workload.ts";
import { afterWrite } from "./writes.ts";

const [engine = "", folder = "", seed = "", last = ""] = Deno.args;
const encoder = new TextEncoder();
/** Written when it returns: a line that was written before the kill is read after it. */
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));

const openKv = (path?: string) =>
  openKvWith(path, async (commit) => {
    const answer = await commit();
    say("commit");
    return answer;
  });
const storage = await engines[engine as Engine](folder, openKv).open(identity);
let state = await storage.load();
for (let number = Number(last) + 1;; number++) {
  const write = writeNumber(Number(seed), number, state);
  const snapshot = write.compaction?.snapshot.index ?? 0;
  if (isCompacting(write, state)) {
    await storage.writeSnapshot(snapshot, ReadableStream.from([snapshotOf(snapshot)]));
  }
  say(`${isOversized(write, state) ? "beginLarge" : "begin"} ${number}`);
  await storage.write(write);
  say(`done ${number}`);
  state = afterWrite(state, write);
}
