import { createPrivateKey, type KeyObject } from 'node:crypto';
import { canonicalJson } from '#libs/consent';
import { sign, verified, type Resume } from './accept.js';
import { channelOf, type Proven } from './handshake.js';
import { receiveJson, sendJson } from './json-lines.js';

/** A session that goes on over another connection. */
export interface Resumed {
  readonly session: string;
  /** Own name in the run, and fingerprint. */
  readonly member: string;
  readonly own: string;
  /** The private key, PEM. */
  readonly key: string;
  /** The name and fingerprint of the other member. */
  readonly peer: string;
  readonly theirs: string;
  /** The key that the other member met with. */
  readonly publicKey: KeyObject;
  /** The number of the frame that this side expects. */
  readonly next: number;
}

/**
 * Greets a member of a session over a new connection: each side signs that it goes on with this session over this connection, and at which
 * frame. Returns the frame that the other one expects. Throws an Error where it does not prove all of it.
 */
export async function resume({ socket }: Proven, resumed: Resumed): Promise<number> {
  const { session, member, own, key, peer, theirs, publicKey, next } = resumed;
  const channel = channelOf(socket);
  const said: Resume = { kind: 'resume', session, member, to: theirs, channel, next };
  sendJson(socket, { resume: await sign(said, createPrivateKey(key)) });
  const answer = (await receiveJson(socket)) as { readonly resume?: unknown } | null | undefined;
  const found = await verified(answer?.resume, publicKey);
  const from = found?.next;
  const wanted = { kind: 'resume', session, member: peer, to: own, channel, next: from };
  if (!Number.isSafeInteger(from) || canonicalJson(found) !== canonicalJson(wanted))
    throw new Error('it has not proven that it means this run');
  return from as number;
}
