import type { KeyObject } from 'node:crypto';
import { connect, createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';
import { ownFingerprint, type Identity } from './identity.js';
import type { Meeting, Peer } from './meeting.js';
import { RelayRefused, type RelayCode } from './relay-words.js';

/** Why another site was not reached. */
export interface Unreached {
  readonly why: string;
  /** What a relay that does its work has come to. */
  readonly relay?: RelayCode | 'MET';
}

export const GREETING_MS = 30_000;
const KEEP_ALIVE_MS = 5_000;

/** Makes a TLS connection to another site, directly or over the relay. Whose key is at its other end is for the caller to look at. */
export async function reach(meeting: Meeting, peer: Peer, signal: AbortSignal): Promise<TLSSocket | Unreached> {
  const { identity, overRelay } = meeting;
  const { address, fingerprint } = peer;
  if (address) return opened(connect({ ...tlsOf(identity), ...address, checkServerIdentity: () => undefined }), signal);
  let leg: TLSSocket;
  try {
    leg = await overRelay!(fingerprint, signal);
  } catch (error) {
    return { why: (error as Error).message, ...(error instanceof RelayRefused && { relay: error.code }) };
  }
  if (signal.aborted) {
    leg.destroy();
    return { why: 'ended', relay: 'MET' };
  }
  // Both connect to the relay: of the two, the one with the lower key speaks first.
  const speaks = ownFingerprint(identity) < fingerprint;
  const socket = speaks ? connect({ ...tlsOf(identity), socket: leg }) : answerOf(leg, identity);
  const slow = setTimeout(() => socket.destroy(), GREETING_MS / 3);
  socket.once('close', () => leg.destroySoon());
  const found = await opened(socket, signal, speaks ? 'secureConnect' : 'secure');
  clearTimeout(slow);
  return found instanceof TLSSocket ? found : { ...found, relay: 'MET' };
}

/** Resolves to the connection once it is encrypted, or to why it is not. */
function opened(socket: TLSSocket, signal: AbortSignal, event = 'secureConnect'): Promise<TLSSocket | Unreached> {
  keepAlive(socket);
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  return new Promise<TLSSocket | Unreached>((resolve) => {
    socket.once(event, () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve({ why: error.code ?? error.name }));
    socket.once('close', () => resolve({ why: 'closed' }));
  }).finally(() => signal.removeEventListener('abort', abort));
}

export function keepAlive(socket: TLSSocket): void {
  socket.on('error', () => void socket.destroy()); // Node 20 leaves one open whose records make no sense.
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

/** The key that the other end has proven; undefined where it showed none. To be asked once: Node 20 forgets it. */
export const keyOf = (socket: TLSSocket): KeyObject | undefined => socket.getPeerX509Certificate()?.publicKey;

/** TLS without authorities: whoever is at the other end is known by the key that it proves, which the caller compares. */
export function tlsOf({ key, cert }: Identity): SecureContextOptions & { readonly rejectUnauthorized: false } {
  return { key, cert, minVersion: 'TLSv1.3', rejectUnauthorized: false };
}

/** The end of a TLS connection that the other one begins. */
const answerOf = (stream: TLSSocket, identity: Identity): TLSSocket =>
  new TLSSocket(stream, {
    ...{ isServer: true, requestCert: true, rejectUnauthorized: false },
    secureContext: createSecureContext(tlsOf(identity)),
  });
