import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { EmbeddedJWK } from 'jose/jwk/embedded';
import { CompactSign } from 'jose/jws/compact/sign';
import { compactVerify } from 'jose/jws/compact/verify';
import { canonicalJson } from '#libs/consent';
import { DEALER, sha256 } from './accept.js';
import { fingerprintOf } from './identity.js';

/** What a member signs once its part of a run is complete, and on its disk, and has no name yet. */
export interface Vote {
  readonly kind: 'prepared';
  readonly member: string;
  readonly run: string;
  /** Names the run by the accepts of all. */
  readonly session: string;
  /** `sha256:<hex>` of the canonical task. */
  readonly task: string;
  /** `sha256:<hex>` of the canonical names of all members, with the fingerprints of their keys. */
  readonly members: string;
  /** `sha256:<hex>` of the canonical result; null at a dealer. */
  readonly result: string | null;
  /** `sha256:<hex>` of the canonical list of its artifacts, whose hashes are keyed by the site. */
  readonly files: string;
}

/** What all members of a run have to vote for alike. */
export type Voted = Pick<Vote, 'run' | 'session' | 'task' | 'members' | 'result'>;

/** What stands in a vote for a result, for a list of artifacts, and for the members. */
export const resultHash = (result: unknown): string | null => (result === null ? null : sha256(canonicalJson(result)));
export const artifactsHash = (artifacts: unknown): string => sha256(canonicalJson(artifacts));
export const membersHash = (members: Readonly<Record<string, string>>): string => sha256(canonicalJson(members));

/** A compact JWS (RFC 7515) by Ed25519 over the canonical form of a vote. It carries the public key: who it is of, its fingerprint says. */
export function signVote(vote: Vote, key: KeyObject): Promise<string> {
  const { kty, crv, x } = createPublicKey(key).export({ format: 'jwk' }) as Required<JsonWebKey>;
  return new CompactSign(Buffer.from(canonicalJson(vote)))
    .setProtectedHeader({ alg: 'EdDSA', jwk: { kty, crv, x } })
    .sign(key);
}

/** A vote, and the fingerprint of the key that signed it. Undefined where it is none. */
export async function readVote(
  signed: string,
): Promise<{ readonly vote: Partial<Vote>; readonly fingerprint: string } | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(signed, EmbeddedJWK, { algorithms: ['EdDSA'] });
    const text = Buffer.from(payload).toString('utf8');
    const vote = JSON.parse(text) as Partial<Vote>;
    if (canonicalJson(vote) !== text || vote.kind !== 'prepared') return undefined;
    return { vote, fingerprint: fingerprintOf(createPublicKey({ key: protectedHeader.jwk!, format: 'jwk' })) };
  } catch {
    return undefined;
  }
}

/**
 * The first member, by name, of whose key no vote for this is among them; undefined: all have voted. A dealer has no result, and takes that of
 * others as it is.
 */
export async function missingVote(
  votes: readonly string[],
  members: Readonly<Record<string, string>>,
  { run, session, task, result, members: all }: Voted,
): Promise<string | undefined> {
  const read = await Promise.all(votes.map(readVote));
  const given = read.filter((each) => each !== undefined);
  const isFor = (vote: Partial<Vote>): boolean =>
    vote.run === run &&
    vote.session === session &&
    vote.task === task &&
    vote.members === all &&
    (vote.member === DEALER ? vote.result === null : result === null || vote.result === result);
  const has = (member: string): boolean =>
    given.some(({ vote, fingerprint }) => fingerprint === members[member] && vote.member === member && isFor(vote));
  return Object.keys(members)
    .sort()
    .find((member) => !has(member));
}
