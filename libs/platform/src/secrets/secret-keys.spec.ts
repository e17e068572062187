import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SecretKeys, UnknownSecretKey } from './secret-keys.js';

describe('a sealed secret', () => {
  const [old, current] = [randomBytes(32), randomBytes(32)];
  const keys = new SecretKeys(current);
  const row = keys.seal('acme', 'db', 'pässword');

  it('opens to its value, and holds nothing of it', () => {
    expect(keys.open('acme', 'db', row)).toBe('pässword');
    expect(Buffer.concat([row.wrapped_key, row.sealed]).includes('pässword')).toBe(false);
    expect(keys.seal('acme', 'db', 'pässword').sealed).not.toEqual(row.sealed);
  });
  it('opens for no other tenant, name or key, and not when a bit of it is another', () => {
    expect(() => keys.open('other', 'db', row)).toThrow();
    expect(() => keys.open('acme', 'db2', row)).toThrow();
    expect(() => new SecretKeys(old).open('acme', 'db', row)).toThrow(UnknownSecretKey);
    for (const part of ['wrapped_key', 'sealed'] as const) {
      for (let at = 0; at < row[part].length; at++) {
        const bent = Buffer.from(row[part]);
        bent[at]! ^= 1;
        expect(() => keys.open('acme', 'db', { ...row, [part]: bent })).toThrow();
      }
    }
  });
  it('is wrapped by another key without being opened', () => {
    const before = new SecretKeys(old).seal('acme', 'db', 'value');
    const both = new SecretKeys(current, old);
    expect(both.open('acme', 'db', before)).toBe('value');
    const after = { ...before, ...both.rewrap('acme', 'db', before)! };
    expect(after.sealed).toEqual(before.sealed);
    expect(keys.open('acme', 'db', after)).toBe('value');
    expect(both.rewrap('acme', 'db', after)).toBeUndefined();
    expect(() => both.rewrap('other', 'db', before)).toThrow();
  });
});
