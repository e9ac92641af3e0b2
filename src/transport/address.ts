/** Where a node listens: a host and a port. Knows no runtime. */
import { fields, integer, that } from "../options.ts";

/** Where a node listens. */
export interface TcpAddress {
  /** A name or an IP address. */
  readonly hostname: string;
  /** The port, from 1 to 65535; where a node listens also 0, for any that is free. */
  readonly port: number;
}

/** A name has no colon; of an IPv6 address this is only a rough look. */
const hostPattern = /^(?:[^\s/:[\]]+|\[?[\da-f]*:[\da-f]*:[\da-f:.]*(?:%\S+)?\]?)$/i;

const hostname = that<string>(
  "a name or an IP address",
  (value) => typeof value === "string" && hostPattern.test(value),
);

/** Where to listen. */
export const listenSchema = fields({ hostname, port: integer(0, 65535) });

/** Where to dial. */
export const peerSchema = fields({ hostname, port: integer(1, 65535) });

/** An address as the log holds it: `host:port` or `[host]:port`. Undefined if it is none. */
export function parseAddress(text: string): TcpAddress | undefined {
  const [, inBrackets, plain, port] = text.match(/^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/) ?? [];
  return peerSchema.safeParse({ hostname: inBrackets ?? plain, port: Number(port) }).data;
}

/** The address as `host:port` or `[host]:port`. */
export function textOfAddress({ hostname, port }: TcpAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
