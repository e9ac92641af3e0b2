/** What a client needs of the world around it. */

/** Carries requests to servers, and their responses back. */
export interface ClientTransport {
  /**
   * Sends a request to a server, once, and resolves to its response: bytes that the caller may keep.
   *
   * @throws {RaftError} with code `Unavailable` and `outcome` "unknown" if there is no response; the reason of the signal if it
   * aborts.
   */
  request(address: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** What it expects instead of this address; null if it can use it. If left out, any text may be an address. */
  expects?(address: string): string | null;
  /** Closes all connections. Resolves when every resource is released. */
  close(): Promise<void>;
}
