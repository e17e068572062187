import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type Server } from 'node:tls';
import { createPublicKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { CA_KINDS, TestCa, type CaKind } from '#libs/testing';
import { Authority, CONTROL_PLANE, makeRequest, readRequest } from './authority.js';
import { fingerprintOf, makeIdentity, ownFingerprint, type Identity } from './identity.js';
import { tlsServer } from './uplink-tls.js';

const secret = randomBytes(32);
const authority = await Authority.of(secret);
const site = await makeIdentity('bank-a');
const subject = { tenant: 'default', name: 'bank-a' };
const DAY_MS = 86_400_000;

describe('the authority of a control plane', () => {
  test('is the same wherever its secret is, and no other', async () => {
    expect((await Authority.of(secret)).cert).toBe(authority.cert);
    expect((await Authority.of(randomBytes(32))).fingerprint).not.toBe(authority.fingerprint);
  });

  test('admits the key of a request for 30 days, as a client and as nobody else', async () => {
    const asked = (await readRequest(await makeRequest(site, subject)))!;
    expect(asked).toMatchObject({ subject, fingerprint: ownFingerprint(site) });
    const now = Date.now();
    const made = new X509Certificate(await authority.admit(asked, now));
    const root = new X509Certificate(authority.cert);
    expect([made.verify(root.publicKey), made.checkIssued(root), made.ca]).toEqual([true, true, false]);
    expect(made.publicKey.equals(createPublicKey(site.key))).toBe(true);
    expect([made.subject, made.keyUsage]).toEqual(['O=default\nCN=bank-a', ['1.3.6.1.5.5.7.3.2']]);
    expect(Math.round((Date.parse(made.validTo) - now) / DAY_MS)).toBe(30);
    const other = new X509Certificate((await Authority.of(randomBytes(32))).cert);
    expect([made.verify(other.publicKey), made.checkIssued(other)]).toEqual([false, false]);
  });

  test('gives the control plane a certificate as a server alone', async () => {
    const { key, cert } = await authority.controlPlane();
    const made = new X509Certificate(cert);
    expect(made.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect([made.checkHost(CONTROL_PLANE), made.keyUsage]).toEqual([CONTROL_PLANE, ['1.3.6.1.5.5.7.3.1']]);
    expect((await authority.controlPlane()).key).toBe(key);
  });
});

/** A control plane of an authority, which says `in` to whom it takes. */
class Answering {
  taken = 0;
  private constructor(private readonly server: Server) {}

  static async of(authority: Authority): Promise<Answering> {
    const server = tlsServer(await authority.controlPlane(), authority.cert, 10_000);
    const made = new Answering(server);
    server.on('secureConnection', (socket) => {
      made.taken += 1;
      socket.end('in');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return made;
  }

  /** What a site hears that has pinned this authority. */
  async call(ca: string, client: Partial<Identity>): Promise<string> {
    const { port } = this.server.address() as AddressInfo;
    const options = { ...client, ca, port, allowPartialTrustChain: true, ALPNProtocols: ['h2'] };
    const socket = connect({ ...options, host: '127.0.0.1', servername: CONTROL_PLANE });
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk)));
    const fault = await new Promise<string | undefined>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.once('end', () => resolve(undefined));
    });
    socket.destroy();
    return fault ?? heard;
  }

  close(): void {
    this.server.close();
  }
}

describe('TLS by an authority', () => {
  test('takes a site that it admitted, and none of another authority or none at all', async () => {
    const asked = (await readRequest(await makeRequest(site, subject)))!;
    const other = await Authority.of(randomBytes(32));
    const plane = await Answering.of(authority);
    try {
      const admitted = { key: site.key, cert: await authority.admit(asked) };
      expect(await plane.call(authority.cert, admitted)).toBe('in');
      // Whether the caller hears a fault or just the end is a race: the server has taken one.
      for (const stranger of [{ ...admitted, cert: await other.admit(asked) }, site, {}])
        expect(await plane.call(authority.cert, stranger)).not.toBe('in');
      expect(plane.taken).toBe(1);
      // A site that expects another control plane says nothing to this one.
      expect(await plane.call(other.cert, admitted)).toMatch(/CERT|ISSUER|SIGNATURE/);
    } finally {
      plane.close();
    }
  });
});

describe('the authority of an operator', () => {
  test.each(Object.keys(CA_KINDS) as CaKind[])(
    'admits as one of the control plane does, by a key of the kind %s',
    async (kind) => {
      const asked = (await readRequest(await makeRequest(site, subject)))!;
      const above = await TestCa.make({ kind });
      for (const ca of [above, await TestCa.make({ kind, below: above })]) {
        const [own, replica] = [await Authority.of(ca), await Authority.of({ key: ca.key, cert: ca.cert })];
        expect([own.fingerprint, own.cert.trim()]).toEqual([
          fingerprintOf(createPublicKey(ca.key)),
          ca.cert.trim().replaceAll('\r', ''),
        ]);
        expect((await replica.controlPlane()).key).toBe((await own.controlPlane()).key);
        const plane = await Answering.of(own);
        try {
          const admitted = { key: site.key, cert: await replica.admit(asked) };
          expect(await plane.call(own.cert, admitted)).toBe('in');
          expect(await plane.call(authority.cert, admitted)).toMatch(/CERT|ISSUER|SIGNATURE/);
          // Neither does the one above it count.
          for (const other of [authority, ...(ca === above ? [] : [await Authority.of(above)])]) {
            expect(await plane.call(own.cert, { key: site.key, cert: await other.admit(asked) })).not.toBe('in');
            const elsewhere = await Answering.of(other);
            expect(await elsewhere.call(own.cert, admitted)).toMatch(/CERT|ISSUER|SIGNATURE/);
            elsewhere.close();
          }
          expect(plane.taken).toBe(1);
        } finally {
          plane.close();
        }
      }
    },
  );

  test('has a newer certificate of the same key, and sites that have pinned the older one are connected', async () => {
    const asked = (await readRequest(await makeRequest(site, subject)))!;
    const before = await TestCa.make({ days: [-300, 20] });
    const after = await before.renewed([-1, 365]);
    const [old, own] = [await Authority.of(before), await Authority.of(after)];
    expect(own.fingerprint).toBe(old.fingerprint);
    const admitted = { key: site.key, cert: await old.admit(asked) };
    // No longer than the authority itself, and not before it.
    expect(Date.parse(new X509Certificate(admitted.cert).validTo)).toBe(Math.floor(old.ends / 1_000) * 1_000);
    const young = await Authority.of(await TestCa.make({ days: [-1 / 1_440, 20] }));
    const [first, root] = [await young.admit(asked), young.cert].map((cert) => new X509Certificate(cert));
    expect(first!.validFrom).toBe(root!.validFrom);
    const plane = await Answering.of(own);
    try {
      expect(await plane.call(old.cert, admitted)).toBe('in');
      expect(await plane.call(own.cert, { ...admitted, cert: await own.admit(asked) })).toBe('in');
    } finally {
      plane.close();
    }
  });
});

describe('a signing request', () => {
  test('is of the key that signs it', async () => {
    const mine = Buffer.from(body(await makeRequest(site, subject)), 'base64');
    const other = Buffer.from(body(await makeRequest(await makeIdentity('bank-b'), subject)), 'base64');
    // The same length and places: the public key of the other, under the signature of this one.
    const at = mine.indexOf(createPublicKey(site.key).export({ type: 'spki', format: 'der' }).subarray(-32));
    other.copy(mine, at, at, at + 32);
    expect(await readRequest(pem(mine))).toBeUndefined();
  });

  test('is no other text', async () => {
    const empty = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----';
    const long = `${await makeRequest(site, subject)}${' '.repeat(4_096)}`;
    for (const text of ['', 'text', empty, site.cert, long]) expect(await readRequest(text)).toBeUndefined();
  });

  test('is of an Ed25519 key', async () => {
    const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: 'O=default, CN=bank-a',
      keys,
      signingAlgorithm,
    });
    expect(await request.verify()).toBe(true);
    expect(await readRequest(request.toString('pem'))).toBeUndefined();
  });

  test('names one tenant and one site, whatever characters they hold', async () => {
    const asked = await readRequest(await makeRequest(site, { tenant: 'default', name: 'bank-b, CN=bank-a' }));
    expect(asked?.subject).toEqual({ tenant: 'default', name: 'bank-b, CN=bank-a' });
  });
});

const body = (text: string): string => text.replaceAll(/-----[^-]+-----|\s/g, '');
const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
