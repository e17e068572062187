import type { Duplex } from 'node:stream';
import { bodyBytes } from './party-link.js';
import { streamTransport, type Body, type Message } from './transport.js';

/** A message that crossed from one process to another, as a recorder sees it. */
export interface CrossedMessage {
  readonly from: string;
  readonly to: string;
  /** JSON text, or the bytes. */
  readonly body: Body;
  readonly bytes: number;
}

/**
 * The lines between the processes of a run: a socket pair for each two. The end that a process's start leaves with this one is handed to the
 * other process. For a recorder both have a pair, and this process passes on and records what comes.
 */
export class PartyLines {
  /** Ends that are here, by the process that has the other end, and the peer that the line is for. */
  private readonly ends = new Map<string, Map<string, Duplex>>();

  constructor(private readonly recorder: ((message: CrossedMessage) => void) | undefined) {}

  /** What a process is started with for its lines to others. */
  of(name: string, others: readonly string[]): ('pipe' | Duplex)[] {
    return others.map((peer) => (this.recorder ? undefined : this.ends.get(peer)?.get(name)) ?? 'pipe');
  }

  /** Keeps the ends of a process that has started. */
  keep(name: string, others: readonly string[], ends: readonly (Duplex | undefined)[]): void {
    const kept = others.flatMap((peer, at) => (ends[at] ? [[peer, ends[at]] as const] : []));
    this.ends.set(name, new Map(kept));
    if (!this.recorder) return;
    for (const [peer, own] of kept) {
      const far = this.ends.get(peer)?.get(name);
      if (!far) continue;
      this.pass(name, peer, own, far);
      this.pass(peer, name, far, own);
    }
  }

  private pass(from: string, to: string, source: Duplex, target: Duplex): void {
    streamTransport(source).onMessage((message) => {
      const { body } = message as Message;
      if (body === undefined) return;
      const copy = typeof body === 'string' ? body : new Uint8Array(body);
      this.recorder?.({ from, to, body: copy, bytes: bodyBytes(body) });
    });
    source.on('data', (chunk: Buffer) => target.writable && target.write(chunk));
    source.on('end', () => target.end());
  }
}
