import 'reflect-metadata'; // @peculiar/x509 expects it.
import { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** Files as Kuscia leaves them in `var/certs`: its CA, a certificate of the API and one of a client. */
export interface KusciaCertificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes a CA, and certificates by it for 127.0.0.1 and a client. Returns paths. */
export async function makeKusciaCertificates(folder: string, name = 'kuscia'): Promise<KusciaCertificates> {
  await mkdir(folder, { recursive: true });
  const dates = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 30 * DAY_MS) };
  const keys = await pair();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${name}`, keys, ...dates, signingAlgorithm: ALGORITHM },
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const ca = join(folder, 'ca.crt');
  await writeFile(ca, root.toString('pem'));
  const leaf = async (subject: string, usage: ExtendedKeyUsage): Promise<{ cert: string; key: string }> => {
    const own = await pair();
    const made = await X509CertificateGenerator.create({
      ...{ subject: `CN=${subject}`, issuer: root.subject, publicKey: own.publicKey, signingKey: keys.privateKey },
      ...{ ...dates, signingAlgorithm: ALGORITHM },
      extensions: [
        new ExtendedKeyUsageExtension([usage]),
        new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      ],
    });
    const [cert, key] = [join(folder, `${subject}.crt`), join(folder, `${subject}.key`)];
    await writeFile(cert, made.toString('pem'));
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
    const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
    await writeFile(key, `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`, { mode: 0o600 });
    return { cert, key };
  };
  return {
    ca,
    server: await leaf('kusciaapi-server', ExtendedKeyUsage.serverAuth),
    client: await leaf('client', ExtendedKeyUsage.clientAuth),
  };
}

const pair = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
