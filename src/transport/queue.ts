/** What waits to be sent to one peer: bounded, and the oldest goes first when there is no room. Knows no runtime. */

/** How much may wait. */
export interface QueueLimits {
  /** The most messages. */
  readonly maxMessages: number;
  /** The most bytes of all messages together; at least as many as the longest message has. */
  readonly maxBytes: number;
}

/** Encoded messages that wait, the oldest first. */
export interface SendQueue {
  /**
   * Adds a message at the end, and drops the oldest ones until all fit. A heartbeat replaces one that is at the end: it
   * says all that the other did, and they gather when a peer is down. Says whether any message had to be dropped.
   */
  push(body: Uint8Array, isHeartbeat: boolean): boolean;
  /** Takes messages from the front: at least one, if there is any, and more as long as they fit. */
  take(maxBytes: number): Uint8Array[];
  /** How many wait. */
  readonly length: number;
}

/** An empty queue. */
export function sendQueue(limits: QueueLimits): SendQueue {
  const bodies: Uint8Array[] = [];
  let bytes = 0;
  let endsInHeartbeat = false;
  const shift = () => {
    bytes -= bodies.shift()?.length ?? 0;
  };
  return {
    push(body, isHeartbeat) {
      if (isHeartbeat && endsInHeartbeat) bytes -= bodies.pop()?.length ?? 0;
      endsInHeartbeat = isHeartbeat;
      bodies.push(body);
      bytes += body.length;
      const before = bodies.length;
      while (bodies.length > limits.maxMessages || bytes > limits.maxBytes) shift();
      return bodies.length < before;
    },
    take(maxBytes) {
      const taken: Uint8Array[] = [];
      let total = 0;
      for (let body = bodies[0]; body !== undefined; body = bodies[0]) {
        total += body.length;
        if (taken.length > 0 && total > maxBytes) break;
        taken.push(body);
        shift();
      }
      return taken;
    },
    get length() {
      return bodies.length;
    },
  };
}
