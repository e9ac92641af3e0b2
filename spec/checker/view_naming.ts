/** Names by which a search knows states of which a part is all that counts: those with equal views are one. */
import { takeApart } from "./allowance.ts";
import { growable, push } from "./growable.ts";
import { clear, layer, type Segment } from "./layer.ts";
import { memory } from "./memory.ts";
import { type Model, type Naming, rowSize } from "./model.ts";
import { encode, fingerprint } from "./value.ts";

/** The names of what `shown` makes of states: fingerprints of that. */
export function viewNaming(model: Model, shown: (view: unknown) => unknown): Naming {
  /** Pairs [low, high]. */
  const names = growable();
  const look = memory(model, (view) => {
    const [low, high] = fingerprint(encode(shown(view), "the view"));
    push(names, low);
    push(names, high);
    return names.length - 2;
  });
  const scratch = layer();
  let vector = new Int32Array(0);
  function nameAt(segment: Segment, at: number): number {
    if (vector.length < model.places.length) vector = new Int32Array(model.places.length * 2);
    takeApart(model, segment, at, vector);
    return look(vector);
  }
  return {
    rename(segment, at, out) {
      if (out.keys.length < out.count * 2) out.keys = new Int32Array(out.count * 4);
      for (let row = 0; row < out.count; row++) {
        clear(scratch);
        const builtAt = model.build(segment, at, out, row * rowSize, scratch);
        const name = nameAt(scratch.segments.at(-1)!, builtAt);
        out.keys[row * 2] = names.items[name]!;
        out.keys[row * 2 + 1] = names.items[name + 1]!;
      }
    },
    keyOf(segment, at) {
      const name = nameAt(segment, at);
      return [names.items[name]!, names.items[name + 1]!];
    },
  };
}
