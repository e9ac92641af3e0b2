/** A transport over mutual TLS, for Deno and Node: encrypted, and each end knows by certificate who the other is. */
import {
  connect as connectTls,
  createServer,
  type SecureVersion,
  type Server,
  type TLSSocket,
} from "node:tls";
import type { NodeId } from "../core/mod.ts";
import { RaftError } from "../error.ts";
import type { Report } from "../logging.ts";
import { checked, fields, functionOf, that } from "../options.ts";
import type { Connection, Transport, TransportContext } from "../ports.ts";
import { listenSchema, parseAddress, peerSchema, type TcpAddress, textOfAddress } from "./address.ts";
import { arrivals } from "./arrivals.ts";
import {
  type CertificateNames,
  certificatesIn,
  loadCredentials,
  namesOf,
  type TlsCredentials,
  type TlsCredentialsSource,
} from "./credentials.ts";
import { duplexSocket } from "./duplex.ts";
import { lineOf, type Socket } from "./frame.ts";
import { newsOnly } from "./news.ts";
import {
  consistent,
  limitFields,
  openStreams,
  placesSchema,
  type StreamConnection,
  type StreamLimits,
  type StreamListener,
} from "./streams.ts";

export type { TcpAddress } from "./address.ts";
export {
  type CertificateNames,
  pemFiles,
  type TlsCredentials,
  type TlsCredentialsSource,
} from "./credentials.ts";
export type { StreamLimits } from "./streams.ts";

/** How to carry messages over mutual TLS. */
export interface TlsOptions extends StreamLimits {
  /** Where to listen. */
  readonly listen: TcpAddress;
  /**
   * Where the peers listen: a record, which may name the node itself as well, or a function that is asked
   * again at each attempt to connect, and whose undefined means "not known yet". Who isn't among them is looked for where
   * the change of members said, as `host:port`.
   */
  readonly peers: Readonly<Record<NodeId, TcpAddress>> | ((peer: NodeId) => TcpAddress | undefined);
  /** The certificate, the key and the CA, or a function that gets them, such as {@linkcode pemFiles}. */
  readonly credentials: TlsCredentialsSource;
  /**
   * Whether a certificate with these names is this node's. Asked at both ends about the other, and about the node itself
   * when it starts. If not given: whether one of the names is the node's.
   */
  readonly isCertificateOf?: (names: CertificateNames, node: NodeId) => boolean;
}

/** A connection over mutual TLS. */
export interface TlsConnection extends Connection {
  /** Where the node listens; the port is the chosen one, if the options left the choice. */
  readonly address: TcpAddress;
}

/** A transport over mutual TLS. */
export interface TlsTransport extends Transport {
  /**
   * Listens, and begins to dial the peers.
   *
   * @throws {RaftError} with code `Unavailable`, if it can't listen or read the credentials; with code `InvalidOptions`, if
   * the credentials can't be used or are another node's, if a peer has no address, or a name is too long.
   */
  open(context: TransportContext): Promise<TlsConnection>;
  /**
   * Gets the credentials anew, and connects anew with them: whom the new CA doesn't vouch for is out. If this rejects, the
   * last ones stay in use.
   *
   * @throws {RaftError} as `open` does.
   */
  reload(): Promise<void>;
}

const optionsSchema = (peers: unknown) =>
  consistent(fields({
    listen: listenSchema,
    peers: placesSchema(peers, peerSchema),
    credentials: that<TlsCredentialsSource>(
      "the certificate, the key and the CA, or a function that gets them",
      (value) => typeof value === "function" || (typeof value === "object" && value !== null),
    ),
    isCertificateOf: functionOf<(names: CertificateNames, node: NodeId) => boolean>()
      .default(() => (names: CertificateNames, node: NodeId) => names.includes(node)),
    ...limitFields,
  }));

type Settings = ReturnType<ReturnType<typeof optionsSchema>["parse"]>;

/**
 * A transport over mutual TLS 1.3. Each end shows a certificate that one of the CAs has signed, and may only be a node of
 * whose names one is in it. The host that was dialled doesn't matter.
 *
 * @throws {RaftError} with code `InvalidOptions`, naming the option and what was expected.
 *
 * @example
 * ```ts ignore
 * const transport = tls({
 *   listen: { hostname: "0.0.0.0", port: 7001 },
 *   peers: { b: { hostname: "10.0.0.2", port: 7001 }, c: { hostname: "10.0.0.3", port: 7001 } },
 *   credentials: pemFiles({ cert: "a.pem", key: "a.key", ca: "ca.pem" }),
 * });
 * ```
 */
export function tls(options: TlsOptions): TlsTransport {
  const settings: Settings = checked("tls: options", optionsSchema(options?.peers), options);
  const opened = new Set<{ reload(): Promise<void> }>();
  return {
    async open(context) {
      const served = await open(settings, context);
      opened.add(served);
      const { reload: _, close, ...connection } = served;
      return {
        ...connection,
        close() {
          opened.delete(served);
          return close();
        },
      };
    },
    async reload() {
      await Promise.all([...opened].map((served) => served.reload()));
    },
  };
}

async function open(
  settings: Settings,
  context: TransportContext,
): Promise<TlsConnection & { reload(): Promise<void> }> {
  let credentials = await usable(settings, context.id);
  const doubt = (socket: TLSSocket) => doubtOf(socket, settings.isCertificateOf);
  const server = createServer(serverOptions(credentials));
  const connection: StreamConnection = await openStreams(
    {
      name: "tls",
      places: settings.peers,
      parse: parseAddress,
      textOf: textOfAddress,
      async listen(log) {
        await startListening(server, settings.listen);
        return listenerOf(server, settings, log, doubt);
      },
      connect: (address, signal) => dial(address, credentials, signal, doubt),
    },
    settings,
    context,
  );
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : settings.listen.port;
  return {
    ...connection,
    address: { hostname: settings.listen.hostname, port },
    async reload() {
      credentials = await usable(settings, context.id);
      server.setSecureContext(serverOptions(credentials));
      const message = "reloaded the certificates: connecting anew to all peers";
      context.log({ level: "info", event: "credentialsReloaded", message });
      connection.renew();
    },
  };
}

/** Both ends are ours, so the newest version will do, in which certificates travel encrypted, too. */
const minVersion: SecureVersion = "TLSv1.3";

/** What both ends show and believe. A list of CAs: of a text with several, Deno would take the first. */
function shown({ cert, key, ca }: TlsCredentials) {
  return { cert, key, ca: [...certificatesIn(ca)], rejectUnauthorized: true, minVersion };
}

function serverOptions(credentials: TlsCredentials) {
  return { ...shown(credentials), requestCert: true };
}

async function usable(
  { credentials: source, isCertificateOf }: Settings,
  id: NodeId,
): Promise<TlsCredentials> {
  const { credentials, names } = await loadCredentials(source);
  if (isCertificateOf(names, id)) return credentials;
  const what = `the certificate is that of ${listed(names)}, not of this node, ${JSON.stringify(id)}`;
  throw new RaftError("InvalidOptions", `tls: credentials.cert: ${what}`);
}

function listed(names: CertificateNames): string {
  return names.length === 0 ? "nobody" : names.map((name) => JSON.stringify(name)).join(", ");
}

/** Judges what the other end says by the certificate that it has shown. */
function doubtOf(
  socket: TLSSocket,
  isCertificateOf: (names: CertificateNames, node: NodeId) => boolean,
): (node: NodeId) => string | null {
  const { subject, subjectaltname } = socket.getPeerCertificate();
  const commonName: unknown = subject?.CN;
  const names = namesOf(subjectaltname, typeof commonName === "string" ? commonName : undefined);
  return (node) => {
    if (socket.authorized && isCertificateOf(names, node)) return null;
    return `it says it is ${JSON.stringify(node)}, and its certificate is that of ${listed(names)}`;
  };
}

type Doubts = (socket: TLSSocket) => (node: NodeId) => string | null;

function socketOf(socket: TLSSocket, doubts: Doubts): Socket {
  socket.setNoDelay(true);
  return { ...duplexSocket(socket, remoteOf(socket)), doubt: doubts(socket) };
}

/** Who is at the other end. A runtime doesn't tell of one whose handshake has failed already. */
function remoteOf({ remoteAddress, remotePort }: Pick<TLSSocket, "remoteAddress" | "remotePort">): string {
  if (remoteAddress === undefined || remotePort === undefined) return "an unknown address";
  return textOfAddress({ hostname: remoteAddress, port: remotePort });
}

function dial(
  { hostname, port }: TcpAddress,
  credentials: TlsCredentials,
  signal: AbortSignal,
  doubts: Doubts,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Whose certificate it is, is judged by the node's name, not by the host's.
    const checkServerIdentity = () => undefined;
    const socket = connectTls({
      host: hostname,
      port,
      checkServerIdentity,
      ...shown(credentials),
    });
    const abort = () => socket.destroy(new Error("aborted"));
    socket.on("error", (error) => reject(isDistrust(error) ? new Error(distrust(error)) : error));
    socket.once("close", () => reject(new Error("the connection was closed")));
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", abort);
      // Under TLS 1.3 the other end may not have judged us yet: its hello tells.
      resolve(socketOf(socket, doubts));
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** Whether this is what this end says of the other's certificate: the codes of OpenSSL for that begin with no `ERR_`. */
function isDistrust({ code = "" }: Error & { readonly code?: string }): boolean {
  return /^(?!ERR_).*(CERT|VERIFY|INVALID_)/.test(code);
}

function distrust(why: Error): string {
  const advice = "none of the CAs in our credentials has signed it, or it has expired";
  return `its certificate is not trusted (${lineOf(why)}): ${advice}`;
}

/** Why there is no TLS with who has dialled us. */
function troubleOf(
  error: Error & { readonly code?: string },
  { authorizationError }: TLSSocket,
): string {
  // Null if the certificate is not what is wrong, whatever the types say.
  if (authorizationError) return distrust(authorizationError);
  // A runtime may pass on why the other end has ended, or only that it has.
  const isEnd = /ALERT|ECONNRESET/.test(error.code ?? "");
  return isEnd
    ? `it broke off the TLS handshake (${lineOf(error)}): if it is a node, it does not trust our certificate`
    : `no TLS: ${lineOf(error)}`;
}

function startListening(server: Server, address: TcpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => {
      const advice = error.code === "EADDRINUSE"
        ? "the port is in use; stop whoever uses it (perhaps this node, running already) or choose another port"
        : `${lineOf(error)}; check the hostname, the port and the permissions`;
      const message = `can't listen on ${textOfAddress(address)}: ${advice}`;
      reject(new RaftError("Unavailable", message, { cause: error }));
    });
    server.listen({ host: address.hostname, port: address.port }, () => resolve());
  });
}

/** Connections whose TLS handshake is done; as many as allowed may be in theirs, for as long as allowed. */
function listenerOf(
  server: Server,
  { maxHandshakes, handshakeTimeoutMs }: Settings,
  log: Report,
  doubts: Doubts,
): StreamListener {
  const arrived = arrivals();
  const handshakes = new Map<string, { readonly done: () => void; readonly end: () => void }>();
  const isNews = newsOnly();
  let closed = false;
  const refuse = (remote: string, reason: string, trouble = reason) => {
    if (closed || !isNews(trouble)) return;
    const message = `refused a connection from ${remote}: ${reason}`;
    log({ level: "warn", event: "connectionRefused", message });
  };
  server.on("connection", (raw) => {
    const remote = remoteOf(raw);
    if (handshakes.size >= maxHandshakes) {
      refuse(remote, `${handshakes.size} others are still in their TLS handshake`, "crowded");
      raw.destroy();
      return;
    }
    const timer = setTimeout(() => {
      refuse(remote, `no TLS handshake within ${handshakeTimeoutMs} ms`);
      raw.destroy();
    }, handshakeTimeoutMs);
    const done = () => {
      clearTimeout(timer);
      handshakes.delete(remote);
    };
    handshakes.set(remote, { done, end: () => raw.destroy() });
    raw.once("close", done);
  });
  server.on("tlsClientError", (error, socket) => refuse(remoteOf(socket), troubleOf(error, socket)));
  server.on("secureConnection", (socket) => {
    handshakes.get(remoteOf(socket))?.done();
    arrived.add(socketOf(socket, doubts));
  });
  return {
    accept: arrived.accept,
    close() {
      closed = true;
      server.close();
      for (const { done, end } of handshakes.values()) {
        done();
        end();
      }
      arrived.close();
    },
  };
}
