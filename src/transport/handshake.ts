/**
 * How a connection begins: each end says hello, and, if they share a secret, proves that it knows it; then whoever was
 * dialled says whether the other is one of its peers. Nothing that follows reaches the node before that. Knows no runtime.
 */
import type { NodeId } from "../core/mod.ts";
import type { Identity } from "../ports.ts";
import { type FrameReader, framesOf, headerBytes, ProtocolError, type Socket, writeAll } from "./frame.ts";
import { checkHello, helloFrame, maxHelloBytes, parseHello, type Versions } from "./hello.ts";

/** Who greets. */
export interface Greeter extends Identity {
  /** Which versions of the protocol it speaks; those of this release if left out. */
  readonly versions?: Versions;
  /** What all nodes of the cluster know, and nobody else; none if left out. Both ends prove it without telling it. */
  readonly secret?: string;
}

/** Which end of a connection somebody is at. */
type End = "dialler" | "listener";

/** The length of a proof, in bytes: SHA-256. */
const proofBytes = 32;

/** The longest reason of a refusal, in bytes. No reason, an empty frame, is a welcome. */
const maxReasonBytes = 1024;

/**
 * Greets whom we dialled.
 *
 * @throws {ProtocolError} if it is nobody to talk to.
 */
export async function greetListener(
  own: Greeter,
  socket: Socket,
  frames: FrameReader,
): Promise<NodeId> {
  const speaker = speakerOf(own);
  const ours = helloFrame(speaker);
  await writeAll(socket, ours);
  const theirs = await readBody(frames, maxHelloBytes);
  if (theirs === null) throw new ProtocolError("it closed the connection instead of a hello");
  const node = checkHello(parseHello(theirs), speaker);
  checkProven(socket, node);
  if (own.secret !== undefined) {
    const said = [ours.subarray(headerBytes), theirs];
    await writeAll(socket, framesOf([await proofOf(own.secret, "dialler", said)]));
    await checkProof(own.secret, "listener", said, frames);
  }
  const reason = await readBody(frames, maxReasonBytes);
  if (reason === null) throw new ProtocolError("it closed the connection instead of a welcome");
  if (reason.length > 0) {
    throw new ProtocolError(`it refuses us: ${JSON.stringify(new TextDecoder().decode(reason))}`);
  }
  return node;
}

/**
 * Greets who dialled us. A stranger learns that it is one, and only once it has proven whatever peers must prove.
 *
 * @returns the node; null if the connection ended without a word.
 * @throws {ProtocolError} if it is nobody to talk to.
 */
export async function greetDialler(
  own: Greeter,
  socket: Socket,
  frames: FrameReader,
  isPeer: (node: NodeId) => boolean,
): Promise<NodeId | null> {
  const theirs = await readBody(frames, maxHelloBytes);
  if (theirs === null) {
    if (frames.started) throw new ProtocolError("it ended before its hello did");
    return null;
  }
  const hello = parseHello(theirs);
  const speaker = speakerOf(own);
  const ours = helloFrame(speaker);
  // Before it is judged, so that the other end, which judges alike, can say what is wrong, too.
  await writeAll(socket, ours).catch(() => {});
  const node = checkHello(hello, speaker);
  checkProven(socket, node);
  if (own.secret !== undefined) {
    const said = [theirs, ours.subarray(headerBytes)];
    await checkProof(own.secret, "dialler", said, frames);
    await writeAll(socket, framesOf([await proofOf(own.secret, "listener", said)]));
  }
  const reason = isPeer(node) ? "" : "you are not one of my peers";
  const verdict = framesOf([new TextEncoder().encode(reason)]);
  const heard = await writeAll(socket, verdict).then(() => true, () => false);
  if (reason !== "") throw new ProtocolError(`${JSON.stringify(node)} is not a peer`);
  return heard ? node : null;
}

function speakerOf(own: Greeter) {
  return own.secret === undefined ? own : { ...own, nonce: crypto.randomUUID() };
}

function checkProven(socket: Socket, node: NodeId): void {
  const doubt = socket.doubt?.(node) ?? null;
  if (doubt !== null) throw new ProtocolError(doubt);
}

/** The next body, of one's own; null if the stream ended first. */
async function readBody(frames: FrameReader, maxBytes: number): Promise<Uint8Array | null> {
  for (;;) {
    const body = frames.next(maxBytes);
    if (body !== null) return body.slice();
    if (!(await frames.more())) return null;
  }
}

/**
 * What only who knows the secret can compute of this greeting (HMAC-SHA-256). Both hellos are in it, with a nonce each,
 * so that it proves nothing in any other greeting; and the end, so that nobody's own proof can be sent back.
 */
async function proofOf(secret: string, end: End, said: readonly Uint8Array[]): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, framesOf([encoder.encode(end), ...said])));
}

async function checkProof(
  secret: string,
  end: End,
  said: readonly Uint8Array[],
  frames: FrameReader,
): Promise<void> {
  const proof = await readBody(frames, proofBytes);
  if (proof === null) {
    throw new ProtocolError("it closed the connection instead of a proof; is its secret the same?");
  }
  const expected = await proofOf(secret, end, said);
  // All bytes are compared, whatever the first ones are: the time must not tell how many were right.
  const difference = expected.reduce((sum, byte, at) => sum | (byte ^ (proof[at] ?? -1)), 0);
  if (difference !== 0 || proof.length !== expected.length) {
    throw new ProtocolError("it does not know our secret");
  }
}
