/** What clients and servers say to each other, as bytes. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  type ClientRequest,
  type ClientResponse,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "../src/client/wire.ts";
import { CodecError } from "../src/codec.ts";
import { RaftError } from "../src/error.ts";
import { seeded } from "./node_support.ts";

const most = Number.MAX_SAFE_INTEGER;

const requests: readonly ClientRequest[] = [
  { type: "open", timeoutMs: 1 },
  {
    type: "propose",
    timeoutMs: 30_000,
    session: { session: most, sequence: 70_000, firstUnanswered: 1 },
    command: new Uint8Array(300).fill(7),
  },
  { type: "read", timeoutMs: most, stale: true, query: new Uint8Array() },
];

const responses: readonly ClientResponse[] = [
  { type: "opened", leader: "a", session: 7, maxAnswers: 128 },
  { type: "answer", leader: null, answer: new Uint8Array([1, 2]) },
  { type: "failed", leader: "ü🐢", error: new RaftError("Timeout", "too late", { outcome: "unknown" }) },
];

/** An error has a stack of its own. */
function plain(response: ClientResponse): unknown {
  if (response.type !== "failed") return response;
  const { code, outcome, message } = response.error;
  return { ...response, error: { code, outcome, message } };
}

Deno.test("requests and responses of clients come back as they were", () => {
  for (const request of requests) assertEquals(decodeRequest(encodeRequest(request)), request);
  for (const response of responses) {
    assertEquals(plain(decodeResponse(encodeResponse(response))), plain(response));
  }
  const long = new RaftError("TooLarge", "\ud800".repeat(10_000));
  const decoded = decodeResponse(encodeResponse({ type: "failed", leader: null, error: long }));
  assertEquals(decoded.type === "failed" && decoded.error.message.length, 4096);
});

Deno.test("20,000 requests and responses with wrong bytes are taken or refused, and nothing else (seed 5)", () => {
  const random = seeded(5);
  const draw = (below: number) => Math.floor(random.next() * below);
  const samples = [...requests.map(encodeRequest), ...responses.map(encodeResponse)];
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = new Uint8Array(samples[draw(samples.length)]!);
    for (let changes = draw(4); changes >= 0; changes--) bytes[draw(bytes.length)] = draw(256);
    const cut = random.next() < 0.2 ? bytes.subarray(0, draw(bytes.length)) : bytes;
    for (const decode of [decodeRequest, decodeResponse]) {
      try {
        decode(cut);
      } catch (error) {
        assertInstanceOf(error, CodecError);
        refused++;
      }
    }
  }
  assertEquals(refused > 20_000, true);
});
