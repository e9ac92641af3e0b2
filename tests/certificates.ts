/** Certificates of a test CA, made once for all tests of a file. */
import { makeCa, type Signed, signNode } from "../examples/make_ca.ts";
import type { TlsCredentials } from "../src/nodejs.ts";

/** A CA that signs what a test needs. */
export interface TestCa {
  /** Its certificate, in PEM. */
  readonly cert: string;
  /** What a node of this id needs. */
  credentialsOf(id: string, days?: number): Promise<TlsCredentials>;
}

/** A new CA. */
export async function testCa(): Promise<TestCa> {
  const ca: Signed = await makeCa();
  return {
    cert: ca.cert,
    credentialsOf: async (id, days) => ({ ...await signNode(ca, id, days), ca: ca.cert }),
  };
}
