/** The first frame in each direction: who speaks, and which language. Knows no runtime. */
import { z } from "zod";
import { maxNodeIdLength } from "../codec.ts";
import type { NodeId } from "../core/mod.ts";
import type { Identity } from "../ports.ts";
import { type FrameReader, framesOf, ProtocolError } from "./frame.ts";

/** The version of all that travels: hello, frames and messages. Nodes of different versions refuse each other. */
export const protocolVersion = 1;

/** The longest hello, in bytes. Far below the limit of other frames, since anybody can send one. */
export const maxHelloBytes = 4096;

/** The longest name of a cluster, in UTF-16 code units. */
export const maxClusterIdLength = 255;

const helloSchema = z.object({
  protocol: z.literal("quorate"),
  version: z.number().int().nonnegative(),
  clusterId: z.string().max(maxClusterIdLength),
  node: z.string().min(1).max(maxNodeIdLength),
});

/** The frame by which a node presents itself. */
export function helloFrame({ id, clusterId }: Identity): Uint8Array<ArrayBuffer> {
  const hello: z.infer<typeof helloSchema> = {
    protocol: "quorate",
    version: protocolVersion,
    clusterId,
    node: id,
  };
  return framesOf([new TextEncoder().encode(JSON.stringify(hello))]);
}

/**
 * Waits for the hello of the other end, and says who it is.
 *
 * @returns the name of the node; null if the stream ended first.
 * @throws {ProtocolError} if it is no hello, or one of another version or cluster, or names our own node.
 */
export async function readHello(frames: FrameReader, own: Identity): Promise<NodeId | null> {
  for (;;) {
    const body = frames.next(maxHelloBytes);
    if (body !== null) return checkHello(body, own);
    if (!(await frames.more())) return null;
  }
}

function checkHello(body: Uint8Array, own: Identity): NodeId {
  const parsed = helloSchema.safeParse(parseJson(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
    throw new ProtocolError(`no valid hello: ${field}${issue?.message ?? "unknown"}`);
  }
  const { version, clusterId, node } = parsed.data;
  if (version !== protocolVersion) {
    throw new ProtocolError(
      `it speaks version ${version} of the protocol, and we version ${protocolVersion}`,
    );
  }
  if (clusterId !== own.clusterId) {
    throw new ProtocolError(
      `it belongs to cluster ${JSON.stringify(clusterId)}, and we to ${JSON.stringify(own.clusterId)}`,
    );
  }
  if (node === own.id) throw new ProtocolError(`it claims our own name ${JSON.stringify(node)}`);
  return node;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new ProtocolError("no valid hello: not JSON");
  }
}
