import 'reflect-metadata'; // @peculiar/x509 expects it.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  webcrypto,
  type KeyObject,
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
  X509Certificate as Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { ED25519, fingerprintOf, pairOf, publicKeyOf, type Identity } from './identity.js';

/** The authority of an operator: its private key and its certificate, PEM. */
export interface OperatorCa {
  readonly key: string;
  readonly cert: string;
}

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
 * The authority of a control plane. It says who is admitted to that, and nothing else: sites know each other by the keys that their people
 * compared. All of it follows from 32 secret bytes, or from the operator's key and certificate, so every replica is the same authority.
 */
export class Authority {
  /** PEM. */
  readonly cert: string;
  /** When its certificate ends, ms. */
  readonly ends: number;

  private constructor(
    /** What the key of the control plane follows from. */
    private readonly secret: Buffer,
    private readonly key: webcrypto.CryptoKey,
    private readonly algorithm: Signing,
    private readonly root: Certificate,
    /** `sha256:<hex>` of its public key. */
    readonly fingerprint: string,
  ) {
    this.cert = pemOf(root);
    this.ends = root.notAfter.getTime();
  }

  static of(made: Buffer | OperatorCa): Promise<Authority> {
    return 'cert' in made ? Authority.ofOperator(made) : Authority.ofSecret(made);
  }

  private static async ofSecret(secret: Buffer): Promise<Authority> {
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
    return new Authority(secret, keys.privateKey, ED25519, cert, fingerprint);
  }

  private static async ofOperator({ key, cert }: OperatorCa): Promise<Authority> {
    const own = createPrivateKey(key);
    const der = own.export({ type: 'pkcs8', format: 'der' });
    const secret = createHash('sha256').update('task-chain operator').update(der).digest();
    const algorithm = signingOf(own);
    const signing = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    return new Authority(secret, signing, algorithm, new Certificate(cert), fingerprintOf(createPublicKey(own)));
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

  /** A certificate counts no longer than that of the authority. */
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
      issuer: this.root.subjectName,
      notBefore: new Date(Math.max(from, this.root.notBefore.getTime())),
      notAfter: new Date(Math.min(to, this.ends)),
      publicKey: await publicKeyOf(key),
      signingKey: this.key,
      signingAlgorithm: this.algorithm,
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

/** As Web Crypto names how a key signs. */
interface Signing {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
}

/** By the curve of a key. */
const ECDSA: Readonly<Record<string, Signing>> = {
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
};

function signingOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Signing {
  if (type === 'ed25519') return ED25519;
  if (type === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const ecdsa = type === 'ec' ? ECDSA[details?.namedCurve ?? ''] : undefined;
  if (ecdsa) return ecdsa;
  throw new Error(`an authority cannot sign by a key of the kind ${type}`);
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
