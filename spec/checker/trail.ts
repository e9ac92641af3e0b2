/**
 * How each state was found, in four bytes a state. States are numbered in the order of discovery: those of the same
 * parent stand together, and parents come in order. So it is enough to know how many children each state has.
 */

/** Small integers, appended one by one. */
interface Numbers {
  readonly chunks: Uint16Array[];
  length: number;
}

/** Ways back to where the search began. */
export interface Trail {
  /** How many states have no parent: the first ones. */
  readonly first: number;
  /** For each state that was expanded, how many states were found from it first. */
  readonly children: Numbers;
  /** For each state that has a parent: by which branch it was found. */
  readonly branches: Numbers;
  /** For each chunk of `children`: how many states have a parent in a chunk before. */
  readonly before: number[];
}

const chunkBits = 16, chunkSize = 1 << chunkBits;

/** Only the first states are known. */
export function trail(first: number): Trail {
  return { first, children: numbers(), branches: numbers(), before: [] };
}

function numbers(): Numbers {
  return { chunks: [], length: 0 };
}

/** Notes the branch by which the next state was found. */
export function noteBranch({ branches }: Trail, branch: number): void {
  push(branches, branch);
}

/** Notes that the next state was expanded, and how many new states were found. */
export function noteChildren({ children, branches, before }: Trail, count: number): void {
  if ((children.length & (chunkSize - 1)) === 0) before.push(branches.length - count);
  push(children, count);
}

/** How many bytes it takes. */
export function bytesOfTrail({ children, branches }: Trail): number {
  return (children.chunks.length + branches.chunks.length) * chunkSize * 2;
}

/** The branches that lead to a state, and the number of the first state from which they do. */
export function wayTo(
  { first, children, branches, before }: Trail,
  state: number,
): { readonly from: number; readonly branches: readonly number[] } {
  const way: number[] = [];
  let at = state;
  while (at >= first) {
    const found = at - first;
    way.push(get(branches, found));
    let chunk = before.length - 1;
    while (before[chunk]! > found) chunk--;
    let parent = chunk * chunkSize;
    for (let end = before[chunk]! + get(children, parent); end <= found; end += get(children, parent)) {
      parent++;
    }
    at = parent;
  }
  return { from: at, branches: way.reverse() };
}

function push(numbers: Numbers, number: number): void {
  if (number >= 1 << 16) throw new RangeError(`a state with ${number} successors: 65,535 are the most`);
  const position = numbers.length & (chunkSize - 1);
  if (position === 0) numbers.chunks.push(new Uint16Array(chunkSize));
  numbers.chunks[numbers.chunks.length - 1]![position] = number;
  numbers.length++;
}

function get({ chunks }: Numbers, index: number): number {
  return chunks[index >> chunkBits]![index & (chunkSize - 1)]!;
}
