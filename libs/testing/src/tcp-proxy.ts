import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a client sends to commit: the word, or the statement that creates a chain, which is one transaction. */
const COMMITS = [Buffer.from('COMMIT\0'), Buffer.from('create-chain\0')];

/** Stands between a client and a server on this machine: slows, holds, cuts or swallows what goes through. */
export class TcpProxy {
  /** Milliseconds that every piece is held back, each way. */
  latencyMs = 0;
  /** Drops all traffic silently. */
  blackHole = false;
  /** Given the number of a commit in PostgreSQL, from 1: whether to cut the connection instead of passing its answer on. */
  cutAfterCommit: ((n: number) => boolean) | undefined;
  /** Connections cut by `cutAfterCommit`. */
  cuts = 0;
  /** Pieces that came from either side. */
  pieces = 0;
  private commits = 0;
  /** What becomes of every connection, of new ones as well. */
  private state: 'open' | 'held' | 'cut' = 'open';
  private readonly sockets = new Set<Socket>();
  /** Their bytes are swallowed, both ways. */
  private halfOpen = new WeakSet<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, target);
    server.on('connection', (socket) => proxy.join(socket));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Present connections stay open and lose every byte from here on. New ones work. */
  swallow(): void {
    this.halfOpen = new WeakSet(this.sockets);
  }

  /** All bytes wait, as on a way that loses every packet, until `letGo`. */
  hold(): void {
    this.state = 'held';
    for (const socket of this.sockets) socket.pause();
  }

  /** Closes every connection, and each new one, until `letGo`. */
  cut(): void {
    this.state = 'cut';
    this.cutAll();
  }

  letGo(): void {
    this.state = 'open';
    for (const socket of this.sockets) socket.resume();
  }

  /** Closes every connection. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    if (this.state === 'cut') return void client.destroy();
    const server = connect(this.target, '127.0.0.1');
    let cutting = false;
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        this.sockets.delete(socket);
        // What it sent before its end is on the way still.
        if (this.latencyMs === 0) cut();
        else setTimeout(cut, this.latencyMs);
      });
    }
    client.on('data', (piece) => {
      if (this.cutAfterCommit !== undefined && COMMITS.some((text) => piece.includes(text)))
        cutting = this.cutAfterCommit(++this.commits);
      this.pass(piece, server);
    });
    server.on('data', (piece) => {
      if (!cutting) return this.pass(piece, client);
      this.cuts++;
      cut();
    });
    if (this.state === 'held') for (const socket of [client, server]) socket.pause();
  }

  private pass(piece: Buffer, to: Socket): void {
    this.pieces += 1;
    if (this.blackHole || this.halfOpen.has(to)) return;
    if (this.latencyMs === 0) to.write(piece);
    else setTimeout(() => to.writable && to.write(piece), this.latencyMs);
  }
}
