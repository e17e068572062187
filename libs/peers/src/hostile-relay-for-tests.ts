import { connect, createSecureContext, createServer, TLSSocket, type Server } from 'node:tls';
import type { Authority } from './authority.js';
import { fingerprintOf, type Identity } from './identity.js';
import { receiveJson, sendJson } from './json-lines.js';
import { RELAY_BYTES, RELAY_PROTOCOL } from './relay-words.js';

/** A relay of the right authority that looks at what it passes on, or meddles with it, or answers in place of the other site, with another key. */
export class HostileRelay {
  /** What crossed, in the clear where it could make that. */
  readonly heard: Buffer[] = [];
  /** Its own connections with the sites, where it answers: each until it is closed. */
  readonly answered: Promise<void>[] = [];
  /** What it passes on of each piece. */
  meddle: (piece: Buffer) => readonly Buffer[] = (piece) => [piece];
  private readonly legs: TLSSocket[] = [];

  private constructor(
    private readonly server: Server,
    /** Whom it claims to be, by a certificate of the authority. */
    private readonly claims: Identity | undefined,
  ) {}

  static async listen(authority: Authority, claims?: Identity): Promise<HostileRelay> {
    const server = createServer({
      ...(await authority.controlPlane()),
      ...{ ca: authority.cert, requestCert: true, ALPNProtocols: [RELAY_PROTOCOL] },
    });
    const made = new HostileRelay(server, claims);
    server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      made.legs.push(socket);
      if (claims) void made.answer(socket, claims);
      else if (made.legs.length === 2) void made.pass();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  close(): void {
    this.server.close();
    for (const leg of this.legs) leg.destroy();
  }

  private async pass(): Promise<void> {
    const [one, other] = this.legs as [TLSSocket, TLSSocket];
    for (const leg of this.legs) await receiveJson(leg, RELAY_BYTES);
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      sendJson(from, { met: true });
      from.on('data', (chunk: Buffer) => {
        this.heard.push(chunk);
        for (const piece of this.meddle(chunk)) to.write(piece);
      });
      from.on('end', () => to.end());
    }
  }

  /** Speaks TLS with the site itself, on whichever side that leaves to it. */
  private async answer(leg: TLSSocket, claims: Identity): Promise<void> {
    const own = leg.getPeerX509Certificate()!.publicKey;
    const { to } = (await receiveJson(leg, RELAY_BYTES)) as { to: string };
    sendJson(leg, { met: true });
    const tls = { ...claims, requestCert: true, rejectUnauthorized: false };
    const isSpeaker = fingerprintOf(own) < to;
    const socket = isSpeaker
      ? new TLSSocket(leg, { ...tls, isServer: true, secureContext: createSecureContext(claims) })
      : connect({ ...tls, socket: leg });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.heard.push(chunk));
    this.answered.push(new Promise((resolve) => void socket.once('close', () => resolve())));
  }
}
