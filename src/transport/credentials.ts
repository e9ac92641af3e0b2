/** Certificates and keys: where they come from, what they say, and whether they can be used. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { RaftError } from "../error.ts";
import { checked, fields, that } from "../options.ts";

/** What a node shows to others, and by what it judges them; each as text in PEM. */
export interface TlsCredentials {
  /** The node's certificate, and after it those between it and the CA, if there are any. */
  readonly cert: string;
  /** The private key of the certificate. */
  readonly key: string;
  /** The CAs whose certificates are believed, one after the other. No others are, not those of the system either. */
  readonly ca: string;
}

/** Where credentials come from: themselves, or a function that is asked when the node starts and at each `reload`. */
export type TlsCredentialsSource = TlsCredentials | (() => TlsCredentials | Promise<TlsCredentials>);

/** The names in a certificate: its DNS names (SAN); if it has none, its common name (CN). */
export type CertificateNames = readonly string[];

/** Reads credentials from files in PEM, when the node starts and at each `reload`. */
export function pemFiles(paths: TlsCredentials): () => Promise<TlsCredentials> {
  // One after the other, so that nothing is still being read when the first one fails.
  return async () => ({
    cert: await readText(paths.cert),
    key: await readText(paths.key),
    ca: await readText(paths.ca),
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RaftError("Unavailable", `tls: can't read ${path}: ${reason}`, { cause: error });
  }
}

const pem = that<string>(
  "text in PEM",
  (value) => typeof value === "string" && value.includes("-----BEGIN "),
);
const credentialsSchema = fields({ cert: pem, key: pem, ca: pem });

/**
 * The credentials, and the names in the certificate.
 *
 * @throws {RaftError} with code `InvalidOptions` if they can't be used: the runtimes' own words would come later, if at all.
 */
export async function loadCredentials(source: TlsCredentialsSource): Promise<{
  readonly credentials: TlsCredentials;
  readonly names: CertificateNames;
}> {
  const given = typeof source === "function" ? await source() : source;
  const credentials = checked("tls: credentials", credentialsSchema, given);
  const cert = parsed("cert", () => new X509Certificate(credentials.cert));
  for (const ca of certificatesIn(credentials.ca)) parsed("ca", () => new X509Certificate(ca));
  const key = parsed("key", () => createPrivateKey(credentials.key));
  if (!cert.checkPrivateKey(key)) throw invalid("key: is not the key of the certificate");
  if (Date.parse(cert.validTo) < Date.now()) throw invalid(`cert: expired on ${cert.validTo}`);
  return { credentials, names: namesOf(cert.subjectAltName, commonNameOf(cert.subject)) };
}

/** Text in PEM, cut into its parts. */
export function certificatesIn(text: string): readonly string[] {
  return text.split(/(?=-----BEGIN )/).filter((part) => part.startsWith("-----BEGIN "));
}

/** The names, from how both runtimes write alternative names: `DNS:a, DNS:b, IP Address:10.0.0.1`. */
export function namesOf(
  alternativeNames: string | undefined,
  commonName: string | undefined,
): CertificateNames {
  const names = (alternativeNames ?? "").split(", ").flatMap((name) =>
    name.startsWith("DNS:") ? [name.slice("DNS:".length)] : []
  );
  return names.length > 0 || commonName === undefined ? names : [commonName];
}

function commonNameOf(subject: string): string | undefined {
  return subject.split("\n").find((line) => line.startsWith("CN="))?.slice("CN=".length);
}

function parsed<T>(field: keyof TlsCredentials, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw invalid(`${field}: is no valid PEM: ${error instanceof Error ? error.message : error}`);
  }
}

function invalid(problem: string): RaftError {
  return new RaftError("InvalidOptions", `tls: credentials.${problem}`);
}
