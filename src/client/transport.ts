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
  /** Closes all connections. Resolves when every resource is released. */
  close(): Promise<void>;
}
