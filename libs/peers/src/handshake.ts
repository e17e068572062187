import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { canonicalJson } from '#libs/consent';
import { DEALER, sha256, sign, verified, type Accept, type Proof } from './accept.js';
import { FINGERPRINT } from './identity.js';
import { receiveJson, sendJson } from './json-lines.js';
import { PeerFault } from './peer-fault.js';

/** The versions of the protocol between sites that this side speaks: the oldest and the newest. */
const PROTOCOL = [3, 3] as const;

/** How far the clocks of two sites may be apart, ms. */
const CLOCKS_MS = 3_600_000;

/** RFC 9266: the label and the length of `tls-exporter`. Its context is empty. */
const CHANNEL_LABEL = 'EXPORTER-Channel-Binding';
const CHANNEL_BYTES = 32;

/** What this side has accepted. */
export interface Accepted {
  readonly accept: Accept;
  /** It, signed. */
  readonly signed: string;
  /** The private key, PEM. */
  readonly key: string;
  /** What this side keeps for others, by member. */
  readonly held: ReadonlyMap<string, string>;
}

/** A connection whose other end has proven a key. */
export interface Proven {
  readonly socket: TLSSocket;
  readonly publicKey: KeyObject;
}

/** A connection to a member whose accept was found to be right. */
export interface Greeted extends Proven {
  readonly member: string;
  /** The member's accept, signed. */
  readonly signed: string;
  /** What it keeps for this side, as it says; null: nothing, and undefined: it is of a version that keeps nothing. */
  readonly held: unknown;
}

/** Who came is at another run, or was cut off before it said at which: it may come for this one yet. */
export class NotYet extends PeerFault {}

/** Who came wants to go on with an earlier run: that ends soon. */
export class NotOver extends NotYet {}

/** The channel binding of a connection, in hex. */
export const channelOf = (socket: TLSSocket): string =>
  socket.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0)).toString('hex');

/**
 * Greets a member over a new connection: both send what they have accepted, and show that they mean this connection. Throws PeerFault
 * where the member has accepted anything else, and NotYet where that is another run.
 */
export async function greet({ socket, publicKey }: Proven, member: string, own: Accepted): Promise<Greeted> {
  if (socket.destroyed) throw cutOff(member);
  const channel = channelOf(socket);
  const { accept, signed, key, held } = own;
  const proof = (of: string, to: string): Proof => ({ kind: 'proof', accept: sha256(of), to, channel });
  sendJson(socket, {
    protocol: PROTOCOL,
    accept: signed,
    proof: await sign(proof(signed, accept.members[member]!), createPrivateKey(key)),
    held: held.get(member) ?? null,
  });
  const hello = await next(socket, member);
  if (hello.resume !== undefined)
    throw new NotOver('PARTY_LOST', member, `The site of ${member} is in an earlier run still.`);
  requireVersion(member, hello.protocol);
  const found = await verified(hello.accept, publicKey);
  if (found === undefined) throw violation(member, 'sent no accept that it has signed');
  requireSame(member, accept, found);
  const shown = await verified(hello.proof, publicKey);
  const wanted = proof(hello.accept as string, accept.members[accept.member]!);
  if (shown === undefined || canonicalJson(shown) !== canonicalJson(wanted))
    throw violation(member, 'sent a greeting that was made for another connection');
  return { member, socket, publicKey, signed: hello.accept as string, held: hello.held };
}

/** The accepts of all members, signed, by name. */
export type Accepts = ReadonlyMap<string, string>;

/** Compares the accepts of all with a member that was greeted. Throws PeerFault with the name of who signed two of them. */
export async function compare(
  all: Accepts,
  keys: ReadonlyMap<string, KeyObject>,
  { member, socket }: Greeted,
): Promise<void> {
  sendJson(socket, { accepts: Object.fromEntries(all) });
  const { accepts } = await next(socket, member);
  const theirs = new Map<string, unknown>(isObject(accepts) ? Object.entries(accepts) : []);
  for (const [name, signed] of all) {
    const seen = theirs.get(name);
    if (seen === signed) continue;
    const key = keys.get(name);
    // Who says that another member gave a second accept has to show it.
    if (key !== undefined && (await verified(seen, key)) !== undefined) throw violation(name, 'gave two accepts');
    throw violation(member, `showed an accept of ${name} that is not the one it gave`);
  }
}

async function next(socket: TLSSocket, member: string): Promise<Readonly<Record<string, unknown>>> {
  const message = await receiveJson(socket).catch(() => {
    throw cutOff(member);
  });
  if (isObject(message)) return message;
  throw violation(member, 'sent what is no message of a greeting');
}

function requireVersion(member: string, range: unknown): void {
  const [oldest, newest] = Array.isArray(range) ? (range as unknown[]) : [];
  if (!Number.isSafeInteger(oldest) || !Number.isSafeInteger(newest)) throw violation(member, 'named no versions');
  if ((oldest as number) <= PROTOCOL[1] && (newest as number) >= PROTOCOL[0]) return;
  const message = `${member} speaks versions ${String(oldest)} to ${String(newest)} of the protocol between sites, this side ${PROTOCOL[0]} to ${PROTOCOL[1]}.`;
  throw new PeerFault('PROTOCOL_UNSUPPORTED', member, message);
}

/** Whether a member has accepted the same task with the same members. */
function requireSame(
  member: string,
  { task, run, inputs = {}, members }: Accept,
  found: Record<string, unknown>,
): void {
  if (found.kind !== 'accept' || found.member !== member) throw violation(member, 'gave an accept in another name');
  if (typeof found.nonce !== 'string' || !/^[0-9a-f]{64}$/.test(found.nonce)) throw violation(member, 'gave no nonce');
  if (found.run !== run)
    throw new NotYet('PROTOCOL_VIOLATION', member, `The site of ${member} has accepted another run than this side.`);
  if (found.task !== task) {
    const other = typeof found.task === 'string' && FINGERPRINT.test(found.task) ? ` (${found.task})` : '';
    throw violation(member, `has accepted another task${other} than this side (${task}): compare the two files`);
  }
  if (canonicalJson(found.members) !== canonicalJson(members))
    throw violation(member, 'has accepted other members, or other keys of them: compare the fingerprints');
  const { data, expires } = found;
  if (member === DEALER ? data !== undefined : typeof data !== 'string' || !FINGERPRINT.test(data))
    throw violation(member, 'gave no commitment to what it reads');
  if (typeof expires !== 'string' || !(Date.parse(expires) + CLOCKS_MS >= Date.now()))
    throw violation(member, 'gave an accept that has expired, by the clock of this side');
  // A task that only one of them took part in, the other has no run of.
  const theirs: Readonly<Record<string, unknown>> = isObject(found.inputs) ? found.inputs : {};
  const mixed = Object.keys(inputs).find((each) => Object.hasOwn(theirs, each) && theirs[each] !== inputs[each]);
  if (mixed !== undefined)
    throw violation(member, `has what ${mixed} made in another run than this side: run that task again`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const cutOff = (member: string): NotYet =>
  new NotYet('PARTY_LOST', member, `The connection to ${member} was cut during the greeting.`);

const violation = (member: string, what: string): PeerFault =>
  new PeerFault('PROTOCOL_VIOLATION', member, `The site of ${member} ${what}.`);
