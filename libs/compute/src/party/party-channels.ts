import { TaskFailure } from '../contract/task-type.js';
import { WINDOW_BYTES, bodyBytes, type FromParty, type ToParty } from './party-link.js';
import type { Body, Transport } from './transport.js';

interface Waiting {
  resolve(body: Body): void;
  reject(error: Error): void;
}

/** Bytes taken from a peer that are told to it together: most messages are small, and telling of each costs as much as it. */
const TOLD_BYTES = WINDOW_BYTES / 8;

/** A party's end of its channels: one ordered inbox per peer, and a window of unread bytes per peer it sends to. */
export class PartyChannels {
  private readonly inboxes = new Map<string, Body[]>();
  private readonly waiting = new Map<string, Waiting>();
  private readonly ended = new Map<string, TaskFailure>();
  private readonly unread = new Map<string, number>();
  private readonly untold = new Map<string, number>();
  private readonly blocked = new Map<string, (() => void)[]>();

  constructor(
    private readonly party: string,
    private readonly known: readonly string[],
    private readonly transport: Transport<FromParty>,
  ) {}

  async send(to: string, message: unknown): Promise<void> {
    this.mustKnow(to);
    const raw = message instanceof Uint8Array;
    const body: Body = raw ? new Uint8Array(message) : JSON.stringify(message);
    while ((this.unread.get(to) ?? 0) >= WINDOW_BYTES && !this.ended.has(to)) {
      await new Promise<void>((resolve) => this.blocked.set(to, [...(this.blocked.get(to) ?? []), resolve]));
    }
    this.unread.set(to, (this.unread.get(to) ?? 0) + bodyBytes(body));
    this.transport.post({ kind: 'send', to, body });
  }

  async receive(from: string, kind: 'bytes' | 'json'): Promise<Body> {
    this.mustKnow(from);
    const body = this.inboxes.get(from)?.shift() ?? (await this.next(from));
    this.tellTaken(from, bodyBytes(body));
    if ((typeof body === 'string') !== (kind === 'json')) {
      throw new TaskFailure(
        'PROTOCOL_VIOLATION',
        `Party ${this.party} expected ${kind} from ${from} and got the other kind.`,
      );
    }
    return body;
  }

  private tellTaken(from: string, bytes: number): void {
    const untold = (this.untold.get(from) ?? 0) + bytes;
    this.untold.set(from, untold < TOLD_BYTES ? untold : 0);
    if (untold < TOLD_BYTES) return;
    this.transport.post({ kind: 'taken', from, bytes: untold });
  }

  private next(from: string): Promise<Body> {
    const ended = this.ended.get(from);
    if (ended) return Promise.reject(ended);
    if (this.waiting.has(from)) throw new Error(`Two receives at once from ${from}`);
    return new Promise((resolve, reject) => this.waiting.set(from, { resolve, reject }));
  }

  /** Takes a message of the coordinator. */
  accept(message: Exclude<ToParty, { readonly kind: 'start' }>): void {
    switch (message.kind) {
      case 'deliver': {
        const { body } = message;
        const waiting = this.waiting.get(message.from);
        this.waiting.delete(message.from);
        if (waiting) waiting.resolve(body);
        else if (this.inboxes.has(message.from)) this.inboxes.get(message.from)!.push(body);
        else this.inboxes.set(message.from, [body]);
        return;
      }
      case 'room':
        this.unread.set(message.to, (this.unread.get(message.to) ?? 0) - message.bytes);
        this.release(message.to);
        return;
      case 'ended':
        this.ended.set(message.peer, this.endedEarly(message.peer, message.lost));
        this.waiting.get(message.peer)?.reject(this.ended.get(message.peer)!);
        this.waiting.delete(message.peer);
        this.release(message.peer);
        return;
    }
  }

  private release(to: string): void {
    const blocked = this.blocked.get(to) ?? [];
    this.blocked.delete(to);
    for (const resume of blocked) resume();
  }

  private endedEarly(from: string, lost: boolean): TaskFailure {
    if (lost) {
      const message = `Party ${this.party} waits for a message from ${from}, which was lost.`;
      return new TaskFailure('PARTY_LOST', message, true, { party: from });
    }
    return new TaskFailure(
      'PROTOCOL_VIOLATION',
      `Party ${this.party} waits for a message from ${from}, which has ended.`,
    );
  }

  private mustKnow(peer: string): void {
    if (!this.known.includes(peer)) throw new Error(`${this.party} has no channel to ${peer}`);
  }
}
