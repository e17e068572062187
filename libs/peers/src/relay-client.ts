import { connect, type TLSSocket } from 'node:tls';
import { CONTROL_PLANE } from './authority.js';
import type { Identity } from './identity.js';
import { receiveJson, sendJson } from './json-lines.js';
import type { Address } from './meeting.js';
import { isRelayCode, RELAY_BYTES, RELAY_PROTOCOL, RelayRefused } from './relay-words.js';

/** How a site reaches the relay of its control plane. */
export interface RelayDial {
  readonly address: Address;
  /** The key of the site, with the certificate that admits it. */
  readonly identity: Identity;
  /** The certificate of the authority that the relay must be of, PEM. */
  readonly authority: string;
  readonly run: string;
}

const CONNECT_MS = 15_000;
/** Longer than a relay waits for the other site. */
const ANSWER_MS = 90_000;

/**
 * A connection on which the relay passes on what another site sends for this run, once that has come. Nothing on it is private or authentic.
 * Throws an Error that says why there is none.
 */
export async function reachOverRelay(dial: RelayDial, to: string, signal: AbortSignal): Promise<TLSSocket> {
  const { address, identity, authority, run } = dial;
  signal.throwIfAborted();
  const socket = connect({
    ...address,
    ...identity,
    ca: authority,
    allowPartialTrustChain: true,
    servername: CONTROL_PLANE,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    ALPNProtocols: [RELAY_PROTOCOL],
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 5_000);
  const abort = (): void => void socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  let late = setTimeout(abort, CONNECT_MS);
  let fault: NodeJS.ErrnoException | undefined;
  socket.on('error', (error) => (fault ??= error)); // `close` follows.
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('close', () => reject(new Error(fault?.code ?? 'closed')));
    });
    if (socket.alpnProtocol !== RELAY_PROTOCOL) throw new Error('no relay answers there');
    clearTimeout(late);
    late = setTimeout(abort, ANSWER_MS);
    sendJson(socket, { run, to });
    const answer = (await receiveJson(socket, RELAY_BYTES)) as { met?: unknown; refused?: unknown } | null | undefined;
    if (answer?.met === true) return socket;
    if (isRelayCode(answer?.refused)) throw new RelayRefused(answer.refused);
    throw new Error('an answer that makes no sense');
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
  }
}
