import 'reflect-metadata'; // @peculiar/x509 expects it.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  webcrypto,
  type KeyObject,
} from 'node:crypto';
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
  return identityOf(name, generateKeyPairSync('ed25519').privateKey);
}

/** The identity of an Ed25519 key that is there, with a new certificate. */
export async function identityOf(name: string, own: KeyObject): Promise<Identity> {
  const keys = await pairOf(own);
  const options = { name: `CN=${name}`, keys, notBefore: new Date(), notAfter: NO_END, signingAlgorithm: ED25519 };
  const certificate = await X509CertificateGenerator.createSelfSigned(options);
  const key = own.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { key, cert: `${certificate.toString('pem')}\n` };
}

/** A private key, and its public one, as Web Crypto has them. */
export async function pairOf(key: KeyObject): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const privateKey = await subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), ED25519, true, [
    'sign',
  ]);
  return { privateKey, publicKey: await publicKeyOf(createPublicKey(key)) };
}

export const publicKeyOf = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('spki', key.export({ type: 'spki', format: 'der' }), ED25519, true, ['verify']);

/** `sha256:<hex>` of a public key: of its SubjectPublicKeyInfo, as in RFC 7469. */
export function fingerprintOf(key: KeyObject): string {
  return `sha256:${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`;
}

/** The fingerprint of an identity. Throws if the key cannot be read. */
export const ownFingerprint = ({ key }: Identity): string => fingerprintOf(createPublicKey(createPrivateKey(key)));

export const FINGERPRINT = /^sha256:[0-9a-f]{64}$/;
