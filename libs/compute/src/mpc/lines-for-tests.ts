import type { PartyContext } from '../party/party-program.js';

/** A message between two parties of a test. */
export interface SeenMessage {
  readonly from: string;
  readonly to: string;
  readonly body: Uint8Array | string;
}

/** Lines between parties inside one process. */
export class TestLines {
  readonly seen: SeenMessage[] = [];
  private readonly waiting = new Map<string, (Uint8Array | string)[]>();
  private readonly takers = new Map<string, (body: Uint8Array | string) => void>();

  party(party: string): Pick<PartyContext, 'party' | 'send' | 'receiveBytes' | 'receiveJson'> {
    return {
      party,
      send: async (to, message) => {
        const body = message instanceof Uint8Array ? message.slice() : JSON.stringify(message);
        this.seen.push({ from: party, to, body });
        this.put(`${party}>${to}`, body);
      },
      receiveBytes: async (from) => (await this.take(`${from}>${party}`)) as Uint8Array,
      receiveJson: async <T>(from: string) => JSON.parse((await this.take(`${from}>${party}`)) as string) as T,
    };
  }

  private put(line: string, body: Uint8Array | string): void {
    const taker = this.takers.get(line);
    this.takers.delete(line);
    if (taker) taker(body);
    else this.waiting.set(line, [...(this.waiting.get(line) ?? []), body]);
  }

  private take(line: string): Promise<Uint8Array | string> {
    const [first, ...rest] = this.waiting.get(line) ?? [];
    if (first === undefined) return new Promise((resolve) => this.takers.set(line, resolve));
    this.waiting.set(line, rest);
    return Promise.resolve(first);
  }
}
