/** States as records of 32-bit words, one after another: no object per state. */

/** Where the value of each place stands in a record: its word, counted from the record's first, and its bits there. */
export interface Fields {
  /** By place. */
  readonly words: Int32Array;
  /** By place: by how much to shift the word to the right. */
  readonly shifts: Int32Array;
  /** By place: the bits that are then the value. */
  readonly masks: Int32Array;
  /** How many words a record has before its bag. */
  readonly size: number;
}

/** A part of a layer. */
export interface Segment {
  /** Its memory. */
  readonly words: Int32Array;
  /** The same memory in halves. */
  readonly halves: Uint16Array;
  /** How many words are in use. */
  used: number;
}

/** The states of one depth. */
export interface Layer {
  /** How many. */
  count: number;
  /** Where they are. A record never lies in two of them. */
  readonly segments: Segment[];
  /** Segments that are free to use, shared with other layers. */
  readonly pool: Segment[];
}

/** The words at the beginning of every record: its name, in two halves. */
export const nameSize = 2;

/** Small segments first, so that a small search takes little; then large ones, so that a large one wastes little. */
const firstSize = 1 << 7, fullSize = 1 << 18;

/** No states. */
export function layer(pool: Segment[] = []): Layer {
  return { count: 0, segments: [segment(firstSize)], pool };
}

function segment(size: number): Segment {
  const words = new Int32Array(size);
  return { words, halves: new Uint16Array(words.buffer), used: 0 };
}

/** The segment of a layer in which a record of so many words finds room. */
export function room(layer: Layer, size: number): Segment {
  const last = layer.segments[layer.segments.length - 1]!;
  return last.used + size <= last.words.length ? last : anotherSegment(layer, size);
}

function anotherSegment({ segments, pool }: Layer, least: number): Segment {
  const reused = least <= fullSize ? pool.pop() : undefined;
  const size = Math.max(least, Math.min(fullSize, segments.at(-1)!.words.length * 8));
  const added = reused ?? segment(size);
  added.used = 0;
  segments.push(added);
  return added;
}

/** Removes all states. The full-sized segments are free for any layer. */
export function clear(layer: Layer): void {
  layer.count = 0;
  while (layer.segments.length > 1) release(layer.pool, layer.segments.pop()!);
  layer.segments[0]!.used = 0;
}

/** Lets other layers use a segment. */
export function release(pool: Segment[], segment: Segment): void {
  if (segment.words.length === fullSize) pool.push(segment);
}

/** How many bytes the segments of these layers take, and those that are free. */
export function bytesOf(layers: readonly Layer[]): number {
  const bytes = (segments: readonly Segment[]) =>
    segments.reduce((sum, { words }) => sum + words.byteLength, 0);
  return layers.reduce((sum, { segments }) => sum + bytes(segments), bytes(layers[0]?.pool ?? []));
}

/** The value of a place in the record that begins at `at`. */
export function valueAt(fields: Fields, words: Int32Array, at: number, place: number): number {
  return (words[at + fields.words[place]!]! >>> fields.shifts[place]!) & fields.masks[place]!;
}

/** Gives a place a value in the record that begins at `at`. */
export function setValue(fields: Fields, words: Int32Array, at: number, place: number, value: number): void {
  const word = at + fields.words[place]!;
  const shift = fields.shifts[place]!;
  words[word] = (words[word]! & ~(fields.masks[place]! << shift)) | (value << shift);
}
