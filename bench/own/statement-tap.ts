import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A statement of a client of PostgreSQL, with the parameters of its latest execution. */
export interface Recorded {
  readonly name: string;
  readonly text: string;
  /** As they were sent: text, or base64 where they were binary; null. */
  readonly values: readonly (string | { readonly base64: string } | null)[];
}

/** Startup, SSL and cancel requests begin with no letter. */
const PROTOCOL_3 = 196_608;

/** Stands between a client and PostgreSQL, and notes the settings of its connections and each prepared statement that it executes. */
export class StatementTap {
  /** Settings of the latest connection, as the client asked for them: `-c role=… -c jit=off`. */
  options = '';
  /** By name, in the order of their latest execution. */
  readonly recorded = new Map<string, Recorded>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  static async start(target: number): Promise<StatementTap> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tap = new StatementTap(server, target);
    server.on('connection', (socket) => tap.join(socket));
    return tap;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    const database = connect(this.target, '127.0.0.1');
    const end = (): void => void [client, database].forEach((socket) => socket.destroy());
    for (const socket of [client, database]) {
      this.sockets.add(socket);
      socket.setNoDelay(true).on('error', end).on('close', end);
    }
    const texts = new Map<string, string>();
    const read = messages((type, body) => {
      if (type === '') {
        const asked = body.toString('utf8', 4).split('\0');
        this.options = asked[asked.indexOf('options') + 1] ?? '';
      } else if (type === 'P') {
        const [name, text] = strings(body, 2);
        texts.set(name!, text!);
      } else if (type === 'B') {
        const { name, values } = bindOf(body);
        this.recorded.delete(name);
        this.recorded.set(name, { name, text: texts.get(name)!, values });
      }
    });
    client.on('data', read);
    client.pipe(database);
    database.pipe(client);
  }
}

/** Cuts what a client sends into messages, of which the first, that of the start, has no type: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function messages(take: (type: string, body: Buffer) => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let hasStarted = false;
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    for (;;) {
      const at = hasStarted ? 1 : 0;
      if (rest.length < at + 4) return;
      const end = at + rest.readInt32BE(at);
      if (rest.length < end) return;
      const type = hasStarted ? String.fromCharCode(rest[0]!) : '';
      hasStarted ||= rest.readInt32BE(4) === PROTOCOL_3;
      if (hasStarted) take(type, rest.subarray(at + 4, end));
      rest = rest.subarray(end);
    }
  };
}

/** The first texts of a message; each ends with a zero. */
function strings(body: Buffer, count: number): string[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    const end = body.indexOf(0, at);
    const text = body.toString('utf8', at, end);
    at = end + 1;
    return text;
  });
}

function bindOf(body: Buffer): Pick<Recorded, 'name' | 'values'> {
  let at = 0;
  const short = (): number => body.readInt16BE((at += 2) - 2);
  const [portal, name] = strings(body, 2) as [string, string];
  at = Buffer.byteLength(portal) + Buffer.byteLength(name) + 2;
  const formats = Array.from({ length: short() }, short);
  const values = Array.from({ length: short() }, (_, position) => {
    const length = body.readInt32BE((at += 4) - 4);
    if (length === -1) return null;
    const value = body.subarray(at, (at += length));
    const isBinary = (formats.length === 1 ? formats[0] : formats[position]) === 1;
    return isBinary ? { base64: value.toString('base64') } : value.toString('utf8');
  });
  return { name, values };
}
