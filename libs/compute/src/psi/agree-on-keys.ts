import { randomBytes } from 'node:crypto';
import { MAX_ROWS, PeerMessage, violation } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import { isKeyKind, type KeyKind } from './key-scan.js';

const SALT_BYTES = 32;
/** Key columns that a peer may announce. */
const MAX_KEYS = 10_000;

/** The salt of this run. Randomness of every party goes into it, so that none can have hashed a list of keys beforehand. */
export async function agreeOnSalt(context: PartyContext): Promise<Buffer> {
  const own = randomBytes(SALT_BYTES);
  const salts = new Map<string, Buffer>([[context.party, own]]);
  for (const peer of context.peers) await context.send(peer, own);
  for (const peer of context.peers) salts.set(peer, saltFrom(peer, await context.receiveBytes(peer)));
  return Buffer.concat([...salts.keys()].sort().map((party) => salts.get(party)!));
}

/** The peer's half of the salt. Throws PROTOCOL_VIOLATION on another length: it could be empty, or all of the salt. */
export function saltFrom(peer: string, bytes: Uint8Array): Buffer {
  if (bytes.byteLength === SALT_BYTES) return Buffer.from(bytes);
  throw violation(peer, `a salt that is not ${SALT_BYTES} bytes`);
}

/** Reads what the peer announces about its keys. Throws PROTOCOL_VIOLATION: the rows size the buffers for its points. */
export function keyFactsFrom(
  peer: string,
  value: unknown,
): { readonly rows: number; readonly kinds: readonly KeyKind[] } {
  const message = new PeerMessage(peer, value);
  return { rows: message.count('rows', MAX_ROWS), kinds: message.list('kinds', MAX_KEYS, isKeyKind) };
}

/**
 * Sends the peer the number of rows and the kind of each key column, and checks the peer's. Returns its number of rows. Throws
 * TaskFailure KEY_TYPE_MISMATCH.
 */
export async function agreeOnKeys(
  context: PartyContext,
  peer: string,
  keys: readonly string[],
  rows: number,
  kinds: readonly KeyKind[],
): Promise<number> {
  await context.send(peer, { rows, kinds: [...kinds] });
  const other = keyFactsFrom(peer, await context.receiveJson<unknown>(peer));
  if (other.kinds.length !== kinds.length) {
    throw new TaskFailure(
      'KEY_TYPE_MISMATCH',
      `${context.party} has ${kinds.length} key columns and ${peer} has ${other.kinds.length}.`,
    );
  }
  kinds.forEach((kind, k) => {
    const theirs = other.kinds[k]!;
    // An empty table has no kinds to speak of.
    if (kind === theirs || kind === 'text' || theirs === 'text' || rows === 0 || other.rows === 0) return;
    throw new TaskFailure(
      'KEY_TYPE_MISMATCH',
      `Key column ${JSON.stringify(keys[k])} of ${context.party} holds ${kind} keys, that of ${peer} ${theirs} keys, so no key can match. Write both the same way.`,
      false,
      { party: context.party, column: keys[k]!, kind, peer_kind: theirs },
    );
  });
  return other.rows;
}
