import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Greeted, Proven } from './handshake.js';
import { fingerprintOf, ownFingerprint } from './identity.js';
import type { Meeting, Peer } from './meeting.js';
import { keyOf, reach } from './reach.js';
import { ResumableConnection, RESUME_BOUNDS, type ResumeBounds } from './resumable-connection.js';
import { resume } from './resume.js';

/** For one connection to be made and greeted. */
const ATTEMPT_MS = 10_000;
const RETRY_MS = 500;
/** How often the log says what goes wrong. */
const MOST_SAID = 20;

interface Held {
  readonly peer: Peer;
  readonly greeted: Greeted;
  readonly connection: ResumableConnection;
  isConnecting: boolean;
  /** The newest connection that has come for it and is not proven yet. */
  greeting?: TLSSocket | undefined;
}

/** The connections of a run that has begun. One that is cut goes on over another: of the same key, for the same session. */
export class GoingOn {
  private readonly held = new Map<string, Held>();
  private readonly bounds: ResumeBounds;
  private readonly over = new AbortController();
  private said = 0;

  constructor(
    private readonly meeting: Meeting,
    private readonly session: string,
    /** Called once all connections have ended. */
    private readonly onOver: () => void,
  ) {
    this.bounds = { ...RESUME_BOUNDS, ...meeting.resume };
  }

  hold(greeted: Greeted): ResumableConnection {
    const peer = this.meeting.peers.get(greeted.member)!;
    const connection = new ResumableConnection(greeted.member, this.bounds, () => void this.reconnect(held));
    const held: Held = { peer, greeted, connection, isConnecting: false };
    this.held.set(peer.fingerprint, held);
    connection.once('close', () => {
      this.held.delete(peer.fingerprint);
      if (this.held.size > 0) return;
      this.over.abort();
      this.onOver();
    });
    connection.carry(greeted.socket, 0, 0);
    return connection;
  }

  /** Whether a site that connects to this one is of the run. */
  knows(fingerprint: string): boolean {
    const peer = this.held.get(fingerprint)?.peer;
    return peer !== undefined && peer.address === undefined && !peer.relay;
  }

  /** A site that it knows has connected to this one. The connection before stays until the new one is proven. */
  async take(proven: Proven): Promise<void> {
    const held = this.held.get(fingerprintOf(proven.publicKey))!;
    // A site that comes again has given up the one before: what that still says is old.
    held.greeting?.destroy();
    held.greeting = proven.socket;
    try {
      await this.greet(held, proven);
    } catch (error) {
      this.say(`closed a connection of ${held.greeted.member}: ${(error as Error).message}`);
    } finally {
      if (held.greeting === proven.socket) held.greeting = undefined;
    }
  }

  /** Where this side connects, until the connection goes on or is lost. */
  private async reconnect(held: Held): Promise<void> {
    const { greeted, connection, peer } = held;
    const { log } = this.meeting;
    log(`the connection to ${greeted.member} was cut, and may come again`);
    if (held.isConnecting || (peer.address === undefined && !peer.relay)) return;
    held.isConnecting = true;
    while (connection.isCut) {
      const why = await this.attempt(held).catch((error: Error) => error.message);
      if (why === undefined) continue;
      if (connection.isCut) this.say(`does not reach ${greeted.member} yet: ${why}`);
      await delay(Math.min(RETRY_MS, this.bounds.resumeMs / 10), undefined, { signal: this.over.signal }).catch(
        () => undefined,
      );
    }
    held.isConnecting = false;
  }

  /** Resolves to undefined once it goes on, or is lost for good. */
  private async attempt(held: Held): Promise<string | undefined> {
    const { connection, peer } = held;
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    connection.once('close', abort);
    // Over the relay the other site may come later.
    const late = peer.address && setTimeout(abort, ATTEMPT_MS);
    try {
      const socket = await reach(this.meeting, peer, stop.signal);
      if (!(socket instanceof TLSSocket)) {
        if (socket.relay === 'RUN') connection.lose('its connection was cut, and the relay says that the run is over');
        return socket.why;
      }
      const publicKey = keyOf(socket);
      if (publicKey && fingerprintOf(publicKey) === peer.fingerprint) {
        await this.greet(held, { socket, publicKey });
        return undefined;
      }
      socket.destroy();
      return 'another key answers';
    } finally {
      clearTimeout(late);
      connection.off('close', abort);
    }
  }

  private async greet({ connection, greeted, peer }: Held, proven: Proven): Promise<void> {
    const { member, identity } = this.meeting;
    const { socket } = proven;
    const end = (): void => void socket.destroy();
    const slow = setTimeout(end, ATTEMPT_MS);
    connection.once('close', end);
    try {
      const next = connection.expects;
      const from = await resume(proven, {
        ...{ session: this.session, member, own: ownFingerprint(identity), key: identity.key },
        ...{ peer: greeted.member, theirs: peer.fingerprint, publicKey: greeted.publicKey, next },
      });
      if (!connection.carry(socket, from, next)) throw new Error('it is older than the one that the run goes on over');
      this.meeting.log(`goes on with ${greeted.member} over another connection`);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(slow);
      connection.off('close', end);
    }
  }

  /** Says the first things that go wrong: others may make any number of them. */
  private say(message: string): void {
    this.said += 1;
    if (this.said <= MOST_SAID) this.meeting.log(message);
  }
}
