import { randomBytes } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { readConfig } from '#libs/platform';
import { TestCa } from '#libs/testing';
import { NodeAuthority } from './node-authority.js';

const [ca, other] = [await TestCa.make(), await TestCa.make()];
const ended = await TestCa.make({ days: [-9, -1] });
const later = await TestCa.make({ days: [1, 9] });
const leaf = await TestCa.make({ isCa: false });
const short = await TestCa.make({ kind: 'RSA', bits: 1_024 });
const secret = randomBytes(32).toString('base64');
const pairOf = (key?: string, cert?: string): Record<string, string> => ({
  ...(key !== undefined && { NODE_CA_KEY: key }),
  ...(cert !== undefined && { NODE_CA_CERT: cert }),
});

describe('the authority that is set', () => {
  test('is that of the control plane, the one of the operator, or none', () => {
    expect(readConfig({}).nodeCa).toBeUndefined();
    expect(readConfig(pairOf(secret)).nodeCa).toEqual(Buffer.from(secret, 'base64'));
    expect(readConfig(pairOf(ca.key, ca.cert)).nodeCa).toEqual({ key: ca.key.trim(), cert: ca.cert.trim() });
  });

  test.each([
    [
      'a key without its certificate',
      pairOf(ca.key),
      'NODE_CA_KEY is a private key in PEM, and NODE_CA_CERT is not set',
    ],
    ['a certificate without its key', pairOf(undefined, ca.cert), 'NODE_CA_CERT is set, and NODE_CA_KEY is not'],
    ['another key', pairOf(other.key, ca.cert), 'NODE_CA_KEY is not the private key of the certificate'],
    ['32 bytes beside a certificate', pairOf(secret, ca.cert), 'NODE_CA_KEY cannot be read as a private key'],
    ['two certificates', pairOf(ca.key, ca.cert + other.cert), 'NODE_CA_CERT is not one certificate'],
    ['a key as a certificate', pairOf(ca.key, ca.key), 'NODE_CA_CERT is not one certificate'],
    [
      'a broken certificate',
      pairOf(ca.key, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      'NODE_CA_CERT cannot be read',
    ],
    ['no authority', pairOf(leaf.key, leaf.cert), 'NODE_CA_CERT is of no authority'],
    ['a short key', pairOf(short.key, short.cert), 'NODE_CA_KEY is of a kind that signs no certificates here'],
    ['one that has ended', pairOf(ended.key, ended.cert), 'NODE_CA_CERT has ended at'],
    ['one that is not yet', pairOf(later.key, later.cert), 'NODE_CA_CERT counts from'],
  ])('is refused at the start: %s', (_, env, words) => {
    let message = '';
    try {
      readConfig(env);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(words);
    for (const { NODE_CA_KEY: key } of [env]) if (key) expect(message).not.toContain(key.slice(30, 60));
  });

  test('admits nobody once its certificate has ended', async () => {
    const authority = new NodeAuthority({ nodeCa: ca } as never);
    expect((await authority.get()).cert).toContain('CERTIFICATE');
    jest.useFakeTimers({
      now: Date.now() + 366 * 86_400_000,
      doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'],
    });
    try {
      await expect(authority.get()).rejects.toMatchObject({ code: 'NODES_NOT_CONFIGURED' });
    } finally {
      jest.useRealTimers();
    }
  });
});
