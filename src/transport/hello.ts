/** The first frame in each direction: who speaks, and which language. Knows no runtime. */
import { z } from "zod";
import { maxNodeIdLength } from "../codec.ts";
import type { NodeId } from "../core/mod.ts";
import { disagreement } from "../identity.ts";
import type { Identity } from "../ports.ts";
import { type FrameReader, framesOf, ProtocolError } from "./frame.ts";

/** The version of all that travels: hello, frames and messages. Nodes of different versions refuse each other. */
export const protocolVersion = 3;

/** The longest hello, in bytes. Far below the limit of other frames, since anybody can send one. */
export const maxHelloBytes = 16_384;

/** The longest name of a cluster, in UTF-16 code units. */
export const maxClusterIdLength = 255;

/** What the hello of every version says. */
const beginningSchema = z.object({ protocol: z.literal("quorate"), version: z.number().int().nonnegative() });

const helloSchema = beginningSchema.extend({
  clusterId: z.string().max(maxClusterIdLength),
  node: z.string().min(1).max(maxNodeIdLength),
  servers: z.array(z.string()),
});

/** The hello of a node of any version. */
export type Hello = Readonly<z.infer<typeof beginningSchema>>;

/** The frame by which a node presents itself. */
export function helloFrame({ id, clusterId, servers }: Identity): Uint8Array<ArrayBuffer> {
  const hello: z.infer<typeof helloSchema> = {
    protocol: "quorate",
    version: protocolVersion,
    clusterId,
    node: id,
    servers: [...servers],
  };
  return framesOf([new TextEncoder().encode(JSON.stringify(hello))]);
}

/**
 * Waits for the hello of the other end.
 *
 * @returns the hello; null if the stream ended first.
 * @throws {ProtocolError} if it is none.
 */
export async function readHello(frames: FrameReader): Promise<Hello | null> {
  for (;;) {
    const body = frames.next(maxHelloBytes);
    if (body !== null) return valid(z.looseObject(beginningSchema.shape), parseJson(body));
    if (!(await frames.more())) return null;
  }
}

/**
 * The name of the node that says so. Both ends judge alike.
 *
 * @throws {ProtocolError} if it is of another version or cluster, counts other servers, or claims our own name.
 */
export function checkHello(hello: Hello, own: Identity): NodeId {
  if (hello.version !== protocolVersion) {
    throw new ProtocolError(
      `it speaks version ${hello.version} of the protocol, and we version ${protocolVersion}`,
    );
  }
  const { node, clusterId, servers } = valid(helloSchema, hello);
  const reason = disagreement({ clusterId, servers }, own);
  if (reason !== null) throw new ProtocolError(reason);
  if (node === own.id) throw new ProtocolError(`it claims our own name ${JSON.stringify(node)}`);
  return node;
}

function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  throw new ProtocolError(`no valid hello: ${field}${issue?.message ?? "unknown"}`);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new ProtocolError("no valid hello: not JSON");
  }
}
