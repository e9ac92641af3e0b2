/** Copies of short commands: many in one piece of memory, as a piece for each costs the garbage collector dearly. */

/** How many bytes a piece of memory has. It stays as long as any copy in it is used. */
export const pieceBytes = 1 << 16;

/** Longer commands have a piece of their own. */
const longBytes = 1 << 12;

/** Copies bytes into memory that nobody else writes to. */
export function createCopier(): (bytes: Uint8Array) => Uint8Array {
  let piece = new ArrayBuffer(0);
  let used = 0;
  return (bytes) => {
    const { length } = bytes;
    if (length >= longBytes) return new Uint8Array(bytes);
    if (used + length > piece.byteLength) {
      piece = new ArrayBuffer(pieceBytes);
      used = 0;
    }
    const copy = new Uint8Array(piece, used, length);
    copy.set(bytes);
    used += length;
    return copy;
  };
}
