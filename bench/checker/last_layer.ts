/**
 * Searches Raft Lite's model without a bound, and stops when the layer of the given depth is complete and stored.
 *
 *     deno run --allow-read bench/checker/last_layer.ts DEPTH
 *
 * A search that is bounded by its depth need not store the states of its last layer, which are most of them, but only
 * their fingerprints. This one keeps all of them, as any search must that is to go on.
 */
import raftLite from "../../spec/catalog/raft_lite.ts";
import { check } from "../../spec/mod.ts";

const depth = Number(Deno.args[0]);
const stop = new AbortController();
const { generated, distinct } = await check(raftLite, {
  depth: null,
  signal: stop.signal,
  onProgress: (progress) => {
    if (progress.complete && progress.depth === depth) stop.abort();
  },
});
console.log(JSON.stringify({ generated, distinct }));
