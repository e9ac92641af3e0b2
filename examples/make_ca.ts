/**
 * Makes a certificate authority (CA) for tests, and a certificate for each node:
 *
 *     deno run -R -W examples/make_ca.ts certificates a b c
 *
 * The folder then has ca.pem, and for each node NODE.pem and NODE.key. Run it again with more nodes, and the CA that is
 * there signs those. In production let an authority that you trust sign, and keep its key elsewhere.
 */
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const caDays = 3650;
const nodeDays = 365;

/** A certificate in PEM and its key in PEM. */
export interface Signed {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** A new CA. */
export async function makeCa(name = "Quorate test CA"): Promise<Signed> {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...validFor(caDays),
    name: `CN=${name}`,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: cert.toString("pem"), key: await pemOf(keys.privateKey) };
}

/** A certificate of a node: its DNS name (SAN) is the node's id. */
export async function signNode(ca: Signed, id: string, days = nodeDays): Promise<Signed> {
  const issuer = new x509.X509Certificate(ca.cert);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(ca.key),
    algorithm,
    false,
    ["sign"],
  );
  const keys = await newKeys();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const cert = await x509.X509CertificateGenerator.create({
    ...validFor(days),
    subject: `CN=${id}`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // A node is dialled, and dials.
      new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: id }]),
    ],
  });
  return { cert: cert.toString("pem"), key: await pemOf(keys.privateKey) };
}

function newKeys() {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function pemOf(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function validFor(days: number) {
  const day = 24 * 60 * 60 * 1000;
  // From yesterday on: clocks differ.
  return {
    serialNumber: crypto.randomUUID().replaceAll("-", ""),
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + days * day),
    signingAlgorithm: algorithm,
  };
}

async function caIn(folder: string): Promise<Signed> {
  try {
    return {
      cert: await Deno.readTextFile(`${folder}/ca.pem`),
      key: await Deno.readTextFile(`${folder}/ca.key`),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const ca = await makeCa();
    await write(folder, "ca", ca);
    return ca;
  }
}

async function write(folder: string, name: string, { cert, key }: Signed): Promise<void> {
  await Deno.writeTextFile(`${folder}/${name}.pem`, cert);
  await Deno.writeTextFile(`${folder}/${name}.key`, key, { mode: 0o600 });
}

if (import.meta.main) {
  const [folder, ...ids] = Deno.args;
  if (folder === undefined || ids.length === 0 || ids.some((id) => !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(id))) {
    console.error("usage: deno run -R -W examples/make_ca.ts FOLDER NODE...   (letters, digits, . and -)");
    Deno.exit(64);
  }
  await Deno.mkdir(folder, { recursive: true });
  const ca = await caIn(folder);
  for (const id of ids) await write(folder, id, await signNode(ca, id));
  const [first] = ids;
  console.log(
    `${folder} has ca.pem and ca.key, and for each of ${ids.join(", ")} a certificate for ${nodeDays} days.
Next:
- copy ca.pem, NODE.pem and NODE.key to each node, and nothing else; keep ca.key off all of them
- start node ${first} with
    transport: tls({
      listen, peers,
      credentials: pemFiles({ cert: "${first}.pem", key: "${first}.key", ca: "ca.pem" }),
    })
- before they expire: run this again, copy the new files, and call transport.reload()`,
  );
}
