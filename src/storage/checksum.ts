/** Checksums against damage by accident: not against an adversary. */
import CRC32C from "crc-32/crc32c.js";
import CRC32 from "crc-32";

/** The CRC-32 of `bytes` (the one of zip and Ethernet), an integer from 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array): number {
  return CRC32.buf(bytes) >>> 0;
}

/**
 * The CRC-32C of `bytes` (Castagnoli's, as iSCSI has it), an integer from 0 to 2^32 - 1: some 1 GB a second. A `seed` begins
 * it, so that what is found in another place has another checksum.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return CRC32C.buf(bytes, seed | 0) >>> 0;
}
