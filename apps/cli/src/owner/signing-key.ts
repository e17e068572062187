import { calculateJwkThumbprint, compactVerify, CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose';
import { canonicalJson, type Statement } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Session } from '../session.js';
import { readPrivate, writePrivate } from './private-file.js';

/** The public half of an owner's key, as `.party/owner.json` holds it. */
export interface PublicKey {
  readonly kid: string;
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** An owner's key pair. The private half leaves this module as signatures alone. */
export interface SigningKey {
  readonly party: string;
  readonly path: string;
  readonly publicKey: PublicKey;
  /** The statement in its canonical form, as a compact JWS. */
  sign(statement: Statement): Promise<string>;
}

/** Makes a pair and writes the private half to a new file that its owner alone may read. Throws where the file exists. */
export async function createKey(path: string, party: string, session: Session): Promise<PublicKey> {
  const { publicKey, d } = await makePair();
  await writePrivate(path, `${JSON.stringify({ ...publicKey, d, party }, null, 2)}\n`, session);
  return publicKey;
}

/** A new pair whose id a command line does not take for an option: one in 64 begins with a hyphen. `d` is the private half. */
export async function makePair(): Promise<{ readonly publicKey: PublicKey; readonly d: string }> {
  for (;;) {
    const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const jwk = await exportJWK(pair.privateKey);
    const kid = await calculateJwkThumbprint(jwk);
    if (!kid.startsWith('-')) return { publicKey: { kid, kty: 'OKP', crv: 'Ed25519', x: jwk.x! }, d: jwk.d! };
  }
}

/** Reads a private key. Throws for a file that other users may read, and for what is no key; no message quotes the file. */
export async function readKey(path: string, session: Session): Promise<SigningKey> {
  const { say } = session;
  const text = await readPrivate(path, session);
  const invalid = new Failure(EXIT.USAGE, say('{file} holds no private key of a party.', { file: path }), {
    hint: say('Make one with: task-chain parties keygen <party> --out <folder>'),
  });
  const jwk = parse(text);
  if (jwk === undefined) throw invalid;
  const { kid, x, d, party } = jwk;
  const publicKey: PublicKey = { kid, kty: 'OKP', crv: 'Ed25519', x };
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x, d }, 'EdDSA').catch(() => {
    throw invalid;
  });
  return {
    party,
    path,
    publicKey,
    sign: (statement) =>
      new CompactSign(Buffer.from(canonicalJson(statement))).setProtectedHeader({ alg: 'EdDSA', kid }).sign(key),
  };
}

/** The text that one of these keys signed; undefined where none did. */
export async function verifiedText(signed: string, keys: readonly PublicKey[]): Promise<string | undefined> {
  try {
    const { payload } = await compactVerify(
      signed,
      ({ kid }) => {
        const key = keys.find((each) => each.kid === kid);
        if (key === undefined) throw new Error('not a key of the owner');
        return importJWK({ kty: key.kty, crv: key.crv, x: key.x }, 'EdDSA');
      },
      { algorithms: ['EdDSA'] },
    );
    return Buffer.from(payload).toString('utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): { kid: string; x: string; d: string; party: string } | undefined {
  try {
    const jwk = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isKey = jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519';
    const { kid, x, d, party } = jwk;
    if (!isKey || typeof kid !== 'string' || typeof x !== 'string') return undefined;
    return typeof d === 'string' && typeof party === 'string' ? { kid, x, d, party } : undefined;
  } catch {
    return undefined;
  }
}
