import 'reflect-metadata'; // @peculiar/x509 expects it.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  type KeyObject,
  type webcrypto,
  type X509Certificate,
} from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { ED25519, fingerprintOf, pairOf, publicKeyOf, type Identity } from './identity.js';

/** Whose site a certificate admits to the control plane: a party or a dealer of a tenant. */
export interface Subject {
  readonly tenant: string;
  readonly name: string;
}

/** What a site asks a certificate for: the key is proven, the subject is only said. */
export interface Asked {
  readonly subject: Subject;
  readonly fingerprint: string;
  readonly key: KeyObject;
}

/** The name of the control plane in its own certificate. */
export const CONTROL_PLANE = 'control-plane.task-chain.internal';

const DAY_MS = 86_400_000;
/** How long a certificate of a site counts, ms. */
const ADMITTED_MS = 30 * DAY_MS;
/** A site renews what has less left, ms. */
export const RENEWED_MS = 10 * DAY_MS;
/** Clocks differ: a certificate counts from a little earlier, ms. */
const EARLIER_MS = 5 * 60_000;
/** The frame of an Ed25519 private key in PKCS #8 (RFC 8410): its 32 bytes follow. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const [BEGIN, END] = [new Date('2026-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59Z')];

/**
 * The private authority of a control plane. It says who is admitted to that, and nothing else: sites know each other by the keys that
 * their people compared. All of it follows from 32 secret bytes, so every replica is the same authority.
 */
export class Authority {
  private constructor(
    private readonly secret: Buffer,
    private readonly keys: webcrypto.CryptoKeyPair,
    /** PEM. */
    readonly cert: string,
    /** `sha256:<hex>` of its public key. */
    readonly fingerprint: string,
  ) {}

  static async of(secret: Buffer): Promise<Authority> {
    const key = keyOf(secret);
    const fingerprint = fingerprintOf(createPublicKey(key));
    const keys = await pairOf(key);
    const cert = await X509CertificateGenerator.createSelfSigned({
      serialNumber: fingerprint.slice('sha256:'.length, 'sha256:'.length + 30),
      name: new Name([{ CN: ['Task Chain nodes'] }, { OU: [fingerprint.slice(-16)] }]).toString(),
      keys,
      notBefore: BEGIN,
      notAfter: END,
      signingAlgorithm: ED25519,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new Authority(secret, keys, pemOf(cert), fingerprint);
  }

  /** A certificate that admits the owner of a key to the control plane as this subject. Nothing but the key is taken from the request. */
  admit({ subject, key }: Asked, now = Date.now()): Promise<string> {
    return this.sign(nameOf(subject), key, ExtendedKeyUsage.clientAuth, [now - EARLIER_MS, now + ADMITTED_MS]);
  }

  /** The identity by which the control plane answers sites: the same at each replica. */
  async controlPlane(): Promise<Identity> {
    const secret = createHash('sha256').update('task-chain control plane').update(this.secret).digest();
    const key = keyOf(secret);
    const name = new Name([{ CN: [CONTROL_PLANE] }]).toString();
    const cert = await this.sign(name, createPublicKey(key), ExtendedKeyUsage.serverAuth, [
      BEGIN.getTime(),
      END.getTime(),
    ]);
    return { key: key.export({ type: 'pkcs8', format: 'pem' }) as string, cert };
  }

  private async sign(
    subject: string,
    key: KeyObject,
    usage: ExtendedKeyUsage,
    [from, to]: readonly [number, number],
  ): Promise<string> {
    const isServer = usage === ExtendedKeyUsage.serverAuth;
    const cert = await X509CertificateGenerator.create({
      serialNumber: `01${randomBytes(15).toString('hex')}`,
      subject,
      issuer: new Name([{ CN: ['Task Chain nodes'] }, { OU: [this.fingerprint.slice(-16)] }]).toString(),
      notBefore: new Date(from),
      notAfter: new Date(to),
      publicKey: await publicKeyOf(key),
      signingKey: this.keys.privateKey,
      signingAlgorithm: ED25519,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage], true),
        ...(isServer ? [new SubjectAlternativeNameExtension([{ type: 'dns', value: CONTROL_PLANE }])] : []),
      ],
    });
    return pemOf(cert);
  }
}

/** A signing request (PKCS #10) for a site, by its own key. PEM. */
export async function makeRequest(identity: Identity, subject: Subject): Promise<string> {
  const keys = await pairOf(createPrivateKey(identity.key));
  return pemOf(
    await Pkcs10CertificateRequestGenerator.create({ name: nameOf(subject), keys, signingAlgorithm: ED25519 }),
  );
}

/** Longer requests are no requests of a site. */
const MAX_REQUEST = 4_096;

/** What a signing request asks for; undefined for what is none, or is not signed by its own Ed25519 key. */
export async function readRequest(pem: string): Promise<Asked | undefined> {
  if (pem.length > MAX_REQUEST) return undefined;
  try {
    const request = new Pkcs10CertificateRequest(pem);
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    const subject = subjectOf(request.subjectName);
    if (key.asymmetricKeyType !== 'ed25519' || !subject || !(await request.verify())) return undefined;
    return { subject, fingerprint: fingerprintOf(key), key };
  } catch {
    return undefined;
  }
}

const nameOf = ({ tenant, name }: Subject): string => new Name([{ O: [tenant] }, { CN: [name] }]).toString();

function subjectOf(name: Name): Subject | undefined {
  const [tenants, names] = [name.getField('O'), name.getField('CN')];
  if (tenants.length !== 1 || names.length !== 1 || name.toJSON().length !== 2) return undefined;
  return { tenant: tenants[0]!, name: names[0]! };
}

/** Whom a certificate of the authority admits; undefined for one that it gave to nobody's site. */
export function subjectOfCertificate({ subject }: X509Certificate): Subject | undefined {
  const [, tenant, name] = /^O=([^\n]+)\nCN=([^\n]+)$/.exec(subject) ?? [];
  return tenant === undefined ? undefined : { tenant, name: name! };
}

const keyOf = (secret: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secret]), format: 'der', type: 'pkcs8' });

const pemOf = (made: { toString(format: 'pem'): string }): string => `${made.toString('pem')}\n`;
