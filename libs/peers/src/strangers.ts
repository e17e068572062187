import type { Socket } from 'node:net';

/** Connections of one address that have proven nothing yet. */
const MOST = 32;

/** Counts by address the connections of those that nobody knows yet. */
export class Strangers {
  private readonly ports = new Map<string, Set<number>>();

  /** Takes a new connection. Returns whether it may stay. */
  take(socket: Socket): boolean {
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    const ports = this.ports.get(address) ?? new Set();
    if (ports.size >= MOST) return false;
    this.ports.set(address, ports.add(port));
    socket.once('close', () => this.forget(address, port));
    return true;
  }

  /** It is a stranger no longer. */
  forget(address: string, port: number): void {
    const ports = this.ports.get(address);
    ports?.delete(port);
    if (ports?.size === 0) this.ports.delete(address);
  }
}
