import { createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KeyPair } from './mask-keys.js';

const jwk = { kty: 'OKP', crv: 'X25519' };

describe('the keys of the masks', () => {
  it('agree on the same bytes, which are those of OpenSSL', () => {
    for (let run = 0; run < 20; run += 1) {
      const [ours, theirs] = [KeyPair.generate(), KeyPair.generate()];
      const d = Buffer.from(ours.secret()).toString('base64url');
      const privateKey = createPrivateKey({ key: { ...jwk, d, x: ours.publicKey }, format: 'jwk' });
      const publicKey = createPublicKey({ key: { ...jwk, x: theirs.publicKey }, format: 'jwk' });
      const shared = diffieHellman({ privateKey, publicKey });
      const expected = new Uint8Array(hkdfSync('sha256', shared, '', 'taskchain/secure-sum/v1/mask', 32));
      expect(ours.agree(theirs.publicKey, 'mask')).toEqual(expected);
      expect(theirs.agree(ours.publicKey, 'mask')).toEqual(expected);
      expect(theirs.agree(ours.publicKey, 'seal')).not.toEqual(expected);
    }
  });

  it('are put together again from the secret, and from no other', () => {
    const [ours, theirs] = [KeyPair.generate(), KeyPair.generate()];
    const restored = KeyPair.restore(ours.secret(), ours.publicKey);
    expect(restored.agree(theirs.publicKey, 'mask')).toEqual(ours.agree(theirs.publicKey, 'mask'));
    expect(() => KeyPair.restore(theirs.secret(), ours.publicKey)).toThrow('the shares give another key');
  });

  it('refuse a public key of low order or of another length', () => {
    for (const publicKey of [Buffer.alloc(32), Buffer.alloc(31, 1), Buffer.alloc(0)]) {
      expect(() => KeyPair.generate().agree(publicKey.toString('base64url'), 'mask')).toThrow();
    }
  });
});
