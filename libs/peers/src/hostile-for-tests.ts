import { createPrivateKey } from 'node:crypto';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { canonicalJson } from '#libs/consent';
import { sha256, sign, type Accept } from './accept.js';
import { ownFingerprint, type Identity } from './identity.js';

/** What a member that lies sends. */
export interface Lie {
  /** In place of its accept's fields. */
  readonly accept?: Partial<Record<keyof Accept, unknown>>;
  /** The whole greeting, made of the right one. */
  readonly greeting?: (right: Greeting) => unknown;
  /** Bytes in place of the greeting. */
  readonly bytes?: Buffer;
  /** What it shows in place of all accepts. */
  readonly accepts?: (own: string) => Record<string, unknown>;
  /** Ends the connection after its greeting. */
  readonly cut?: boolean;
}
export interface Greeting {
  readonly protocol: unknown;
  readonly accept: string;
  readonly proof: string;
}

/** A member with the right key that does not keep to the protocol. */
export class Liar {
  /** What it was sent, decoded. */
  readonly heard: string[] = [];
  greeting: Greeting | undefined;

  constructor(
    readonly identity: Identity,
    private readonly accept: Accept,
    private readonly to: string,
    private readonly lie: Lie,
  ) {}

  /** Connects to a member that listens, once it does. */
  dial(port: number): Promise<void> {
    return new Promise((resolve) => {
      const again = (): void => {
        const socket = connect({ ...this.identity, port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
          void this.talk(socket).then(resolve);
        });
        socket.on('error', (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED' && setTimeout(again, 20));
      };
      again();
    });
  }

  /** Listens for a member that connects to it, and says where. */
  async listen(): Promise<{ readonly port: number; close(): void }> {
    const options = { ...this.identity, requestCert: true, rejectUnauthorized: false };
    const server = createServer(options, (socket) => void this.talk(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as { port: number }).port, close: () => void server.close() };
  }

  private async talk(socket: TLSSocket): Promise<void> {
    const { lie } = this;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.heard.push(chunk.toString('latin1')));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const channel = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex');
    const key = createPrivateKey(this.identity.key);
    const accept = await sign({ ...this.accept, ...lie.accept } as Accept, key);
    const proof = await sign({ kind: 'proof', accept: sha256(accept), to: this.to, channel }, key);
    this.greeting = { protocol: [3, 3], accept, proof };
    socket.write(lie.bytes ?? framed(lie.greeting?.(this.greeting) ?? this.greeting));
    if (lie.cut) return void socket.destroy();
    if (lie.accepts) socket.write(framed({ accepts: lie.accepts(accept) }));
    await closed;
  }
}

export function framed(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.byteLength);
  return Buffer.concat([head, body]);
}

export const acceptOf = (member: string, task: string, members: Record<string, Identity>): Accept => ({
  kind: 'accept',
  member,
  task,
  data: `sha256:${'d'.repeat(64)}`,
  expires: '2999-01-01T00:00:00.000Z',
  members: JSON.parse(
    canonicalJson(Object.fromEntries(Object.entries(members).map(([name, each]) => [name, ownFingerprint(each)]))),
  ) as Record<string, string>,
  nonce: '7'.repeat(64),
});
