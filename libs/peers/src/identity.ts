import 'reflect-metadata'; // @peculiar/x509 expects it.
import { createHash, createPrivateKey, createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

/** A member's key pair, and the certificate in which TLS carries the public half. Both are PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** RFC 5280, 4.1.2.5: no well-defined end. What counts is whose key it is, and that is what the other sites have written down. */
const NO_END = new Date('9999-12-31T23:59:59Z');
export const ED25519 = { name: 'Ed25519' } as const;

/** Makes an Ed25519 key pair and a certificate of it, signed by itself. */
export async function makeIdentity(name: string): Promise<Identity> {
  const keys = (await webcrypto.subtle.generateKey(ED25519, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const options = { name: `CN=${name}`, keys, notBefore: new Date(), notAfter: NO_END, signingAlgorithm: ED25519 };
  const certificate = await X509CertificateGenerator.createSelfSigned(options);
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string;
  return { key, cert: `${certificate.toString('pem')}\n` };
}

/** `sha256:<hex>` of a public key: of its SubjectPublicKeyInfo, as in RFC 7469. */
export function fingerprintOf(key: KeyObject): string {
  return `sha256:${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`;
}

/** The fingerprint of an identity. Throws if the key cannot be read. */
export const ownFingerprint = ({ key }: Identity): string => fingerprintOf(createPublicKey(createPrivateKey(key)));

export const FINGERPRINT = /^sha256:[0-9a-f]{64}$/;
