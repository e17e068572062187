import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { ValueReader } from './config-values.js';

/** What the authority is that admits sites of parties: one that follows from 32 bytes, or the operator's, by its private key and its certificate (PEM). */
export type NodeCa = Buffer | { readonly key: string; readonly cert: string };

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';
const CURVES: readonly unknown[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const RSA_BITS = 2_048;

/** `NODE_CA_KEY` alone is 32 bytes; with `NODE_CA_CERT` it is the private key of that certificate. */
export function readNodeCa(reader: ValueReader, example: string): NodeCa | undefined {
  const [key, cert] = [reader.text('NODE_CA_KEY'), reader.text('NODE_CA_CERT')];
  if (cert === undefined && !key?.startsWith('-----BEGIN')) return reader.key('NODE_CA_KEY', example);
  const fault = faultOf(key, cert);
  if (fault === undefined) return Object.freeze({ key: key!, cert: cert! });
  reader.faults.push(fault);
  return undefined;
}

/** What is wrong with the pair. The key is not shown. */
function faultOf(key: string | undefined, cert: string | undefined): string | undefined {
  if (cert === undefined)
    return 'NODE_CA_KEY is a private key in PEM, and NODE_CA_CERT is not set: set it to the certificate of that authority, or NODE_CA_KEY to 32 bytes in base64.';
  if (key === undefined)
    return 'NODE_CA_CERT is set, and NODE_CA_KEY is not: set it to the private key of that certificate, in PEM.';
  if (cert.split(CERTIFICATE).length !== 2)
    return 'NODE_CA_CERT is not one certificate in PEM: give that of the authority which signs, without those above it.';
  const [certificate, own] = [made(() => new X509Certificate(cert)), made(() => createPrivateKey(key))];
  if (!certificate) return 'NODE_CA_CERT cannot be read as a certificate in PEM.';
  if (!own) return 'NODE_CA_KEY cannot be read as a private key in PEM, without a password.';
  if (!certificate.checkPrivateKey(own))
    return 'NODE_CA_KEY is not the private key of the certificate in NODE_CA_CERT.';
  if (!certificate.ca)
    return 'NODE_CA_CERT is of no authority: it needs CA:TRUE in its basic constraints, and keyCertSign where it has key usages.';
  if (!canSign(own))
    return `NODE_CA_KEY is of a kind that signs no certificates here: use Ed25519, ECDSA on P-256, P-384 or P-521, or RSA of ${RSA_BITS} bits or more.`;
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (to <= Date.now())
    return `NODE_CA_CERT has ended at ${new Date(to).toISOString()}: set a newer one of the same key.`;
  if (from > Date.now()) return `NODE_CA_CERT counts from ${new Date(from).toISOString()} on: set it then.`;
  return undefined;
}

function canSign({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === 'ec') return CURVES.includes(details?.namedCurve);
  return type === 'ed25519' || (type === 'rsa' && (details?.modulusLength ?? 0) >= RSA_BITS);
}

function made<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
