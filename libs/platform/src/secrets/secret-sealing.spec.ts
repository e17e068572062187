import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { symmetricSecret } from '#libs/testing';
import { sealSecret, SecretOpener, UnknownSecretKey } from './secret-sealing.js';

const [old, current] = [await generateX25519Identity(), await generateX25519Identity()];
const publicKey = await identityToRecipient(current);
const none = { privateKeys: [], symmetricKeys: [] };
const opener = (await SecretOpener.of({ ...none, privateKeys: [current, old] }))!;

describe('a sealed secret', () => {
  it('opens to its value by the private key alone, as any age file does', async () => {
    const row = await sealSecret(publicKey, 'acme', 'db', 'pässword');
    expect(await opener.open('acme', 'db', row)).toBe('pässword');
    expect(row.sealed.includes('pässword')).toBe(false);
    expect((await sealSecret(publicKey, 'acme', 'db', 'pässword')).sealed).not.toEqual(row.sealed);
    const age = new Decrypter();
    age.addIdentity(current);
    expect(JSON.parse(await age.decrypt(row.sealed, 'text'))).toMatchObject({ value: 'pässword' });
    const other = (await SecretOpener.of({ ...none, privateKeys: [old] }))!;
    await expect(other.open('acme', 'db', row)).rejects.toThrow(UnknownSecretKey);
    await expect(other.open('acme', 'db', { ...row, key_id: await idUnder(old) })).rejects.toThrow();
  });
  it('opens for no other tenant or name, and not when a bit of it is another', async () => {
    const row = await sealSecret(publicKey, 'acme', 'db', 'value');
    await expect(opener.open('other', 'db', row)).rejects.toThrow(/another name or tenant/);
    await expect(opener.open('acme', 'db2', row)).rejects.toThrow(/another name or tenant/);
    for (let at = 0; at < row.sealed.length; at++) {
      const sealed = Buffer.from(row.sealed);
      sealed[at]! ^= 1;
      await expect(opener.open('acme', 'db', { ...row, sealed })).rejects.toThrow();
    }
  });
  it('opens by each of several private keys', async () => {
    const row = await sealSecret(await identityToRecipient(old), 'acme', 'db', 'value');
    expect(await opener.open('acme', 'db', row)).toBe('value');
  });
  it('opens under SECRETS_KEY where it was sealed so, for its tenant and name alone', async () => {
    const [previous, key] = [randomBytes(32), randomBytes(32)];
    const both = (await SecretOpener.of({ privateKeys: [current], symmetricKeys: [key, previous] }))!;
    for (const by of [key, previous]) {
      const row = symmetricSecret(by, 'acme', 'db', 'pässword');
      expect(await both.open('acme', 'db', row)).toBe('pässword');
      await expect(opener.open('acme', 'db', row)).rejects.toThrow(UnknownSecretKey);
      await expect(both.open('acme', 'db2', row)).rejects.toThrow();
      await expect(both.open('other', 'db', row)).rejects.toThrow();
      for (const part of ['wrapped_key', 'sealed'] as const) {
        for (let at = 0; at < row[part].length; at++) {
          const bent = Buffer.from(row[part]);
          bent[at]! ^= 1;
          await expect(both.open('acme', 'db', { ...row, [part]: bent })).rejects.toThrow();
        }
      }
    }
  });
  it('needs a key to open', async () => {
    expect(await SecretOpener.of({ ...none, publicKey })).toBeUndefined();
  });
});

const idUnder = async (identity: string): Promise<string> =>
  (await sealSecret(await identityToRecipient(identity), 'acme', 'db', 'value')).key_id;
