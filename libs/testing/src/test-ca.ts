import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import type { X509Certificate } from '@peculiar/x509';

/** Kinds of keys of an authority, and how it signs. */
export const CA_KINDS = {
  Ed25519: { name: 'Ed25519' },
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  RSA: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2_048, publicExponent: new Uint8Array([1, 0, 1]) },
} as const;
export type CaKind = keyof typeof CA_KINDS;

const DAY_MS = 86_400_000;

interface Wanted {
  readonly kind?: CaKind;
  /** Whose certificate it gets; without it, its own. */
  readonly below?: TestCa;
  readonly days?: readonly [from: number, to: number];
  readonly isCa?: boolean;
  /** Of an RSA key. */
  readonly bits?: number;
}

/** An authority such as an operator has. */
export class TestCa {
  private constructor(
    readonly key: string,
    readonly cert: string,
    private readonly keys: webcrypto.CryptoKeyPair,
    private readonly kind: CaKind,
    private readonly certificate: X509Certificate,
  ) {}

  static async make({ kind = 'P-256', bits, ...wanted }: Wanted = {}): Promise<TestCa> {
    const algorithm = { ...CA_KINDS[kind], ...(bits !== undefined && { modulusLength: bits }) };
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
    return TestCa.of(keys, kind, wanted);
  }

  /** A newer certificate of the same key and name. */
  renewed(days: readonly [from: number, to: number]): Promise<TestCa> {
    return TestCa.of(this.keys, this.kind, { days });
  }

  private static async of(keys: webcrypto.CryptoKeyPair, kind: CaKind, wanted: Wanted): Promise<TestCa> {
    const { below, days: [from, to] = [-1, 365], isCa = true } = wanted;
    const name = 'C=CN, O=The Operator GmbH, CN=Sites';
    const [signing, by] = [below?.keys ?? keys, below?.kind ?? kind];
    // Here and not above: few test files have authorities, and all would load it.
    await import('reflect-metadata');
    const x509 = await import('@peculiar/x509');
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: `01${randomBytes(8).toString('hex')}`,
      subject: below ? `${name} below` : name,
      issuer: below?.certificate.subjectName ?? name,
      notBefore: new Date(Date.now() + from * DAY_MS),
      notAfter: new Date(Date.now() + to * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: signing.privateKey,
      signingAlgorithm: CA_KINDS[by],
      extensions: [
        new x509.BasicConstraintsExtension(isCa, undefined, true),
        new x509.KeyUsagesExtension(isCa ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature, true),
      ],
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' });
    return new TestCa(key as string, `${certificate.toString('pem')}\n`, keys, kind, certificate);
  }
}
