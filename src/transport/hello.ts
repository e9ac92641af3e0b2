/** The first frame in each direction: who speaks, and which language. Knows no runtime. */
import { z } from "zod";
import { maxNodeIdLength } from "../codec.ts";
import type { NodeId } from "../core/mod.ts";
import { disagreement } from "../identity.ts";
import type { Identity } from "../ports.ts";
import { framesOf, ProtocolError } from "./frame.ts";

/** From the oldest to the newest version that a node speaks. */
export interface Versions {
  /** The oldest one. */
  readonly oldest: number;
  /** The newest one. */
  readonly newest: number;
}

/**
 * The versions of all that travels after the hello: frames and messages. Two nodes talk if they share one, and say only
 * what the newest shared one has words for. So a release that brings a version speaks the one before as well, and a
 * cluster is upgraded node by node; the old one goes with the release after.
 */
export const protocolVersions: Versions = { oldest: 5, newest: 5 };

/** The longest hello, in bytes. Far below the limit of other frames, since anybody can send one. */
export const maxHelloBytes = 16_384;

/** The longest name of a cluster, in UTF-16 code units. */
export const maxClusterIdLength = 255;

const versionSchema = z.number().int().nonnegative();

/** What the hello of every version says. Before there were ranges, a node spoke one version. */
const beginningSchema = z.object({
  protocol: z.literal("quorate"),
  version: versionSchema,
  oldestVersion: versionSchema.optional(),
});

const helloSchema = beginningSchema.extend({
  clusterId: z.string().max(maxClusterIdLength),
  node: z.string().min(1).max(maxNodeIdLength),
  servers: z.array(z.string()),
  backup: z.string().max(64).optional(),
  nonce: z.string().min(16).max(64).optional(),
});

/** The hello of a node of any version. */
export type Hello = Readonly<z.infer<typeof beginningSchema>>;

/** Who speaks, and how. */
export interface Speaker extends Identity {
  /** Which versions; those of this release if left out. */
  readonly versions?: Versions;
  /** A random text, never used again, by which the other end proves that it knows the secret; none if there is no secret. */
  readonly nonce?: string;
}

/** The frame by which a node presents itself. */
export function helloFrame(
  { id, clusterId, servers, backup, versions = protocolVersions, nonce }: Speaker,
): Uint8Array<ArrayBuffer> {
  const hello: z.infer<typeof helloSchema> = {
    protocol: "quorate",
    version: versions.newest,
    oldestVersion: versions.oldest,
    clusterId,
    node: id,
    servers: [...servers],
    ...(backup === undefined ? {} : { backup }),
    ...(nonce === undefined ? {} : { nonce }),
  };
  return framesOf([new TextEncoder().encode(JSON.stringify(hello))]);
}

/**
 * The hello that these bytes are.
 *
 * @throws {ProtocolError} if they are none.
 */
export function parseHello(body: Uint8Array): Hello {
  return valid(z.looseObject(beginningSchema.shape), parseJson(body));
}

/**
 * The name of the node that says so. Both ends judge alike.
 *
 * @throws {ProtocolError} if it shares no version with us, is of another cluster, or of one that began otherwise, claims our own
 * name, or if only one of us has a secret.
 */
export function checkHello(hello: Hello, own: Speaker): NodeId {
  checkVersions(hello, own.versions ?? protocolVersions);
  const { node, nonce, ...cluster } = valid(helloSchema, hello);
  const reason = disagreement(cluster, own);
  if (reason !== null) throw new ProtocolError(reason);
  if (node === own.id) throw new ProtocolError(`it claims our own name ${JSON.stringify(node)}`);
  if (nonce !== undefined && own.nonce === undefined) {
    throw new ProtocolError("it asks for a secret, and we have none");
  }
  if (nonce === undefined && own.nonce !== undefined) {
    throw new ProtocolError("it has no secret, and we ask for one");
  }
  return node;
}

function checkVersions({ version, oldestVersion = version }: Hello, { oldest, newest }: Versions): void {
  if (oldestVersion <= newest && version >= oldest) return;
  const [theirs, ours] = [[oldestVersion, version], [oldest, newest]].map(rangeText);
  throw new ProtocolError(`it speaks ${theirs} of the protocol, and we ${ours}`);
}

function rangeText([oldest, newest]: readonly (number | undefined)[]): string {
  return oldest === newest ? `version ${newest}` : `versions ${oldest} to ${newest}`;
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
