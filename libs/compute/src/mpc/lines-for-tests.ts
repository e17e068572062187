import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';

/** What a test's parties say. */
export type Body = Uint8Array | string;

/** A message between two parties of a test. */
export interface SeenMessage {
  readonly from: string;
  readonly to: string;
  readonly body: Body;
}

type Line = Pick<PartyContext, 'party' | 'send' | 'receiveBytes' | 'receiveJson'>;

/** Lines between parties inside one process. A party can be lost: what it has sent is still read. */
export class TestLines {
  readonly seen: SeenMessage[] = [];
  private readonly waiting = new Map<string, Body[]>();
  private readonly takers = new Map<string, { give: (body: Body) => void; lose: (error: Error) => void }>();
  private readonly gone = new Set<string>();

  party(party: string): Line {
    return {
      party,
      send: async (to, message) => this.put(party, to, message),
      receiveBytes: async (from) => (await this.take(from, party)) as Uint8Array,
      receiveJson: async <T>(from: string) => JSON.parse((await this.take(from, party)) as string) as T,
    };
  }

  lose(name: string): void {
    this.gone.add(name);
    for (const [line, { lose }] of this.takers) if (line.startsWith(`${name}>`)) lose(loss(name));
  }

  /** What arrives of a message; undefined: its sender is lost. */
  protected arriving({ body }: SeenMessage): Body | undefined {
    return body;
  }

  private put(from: string, to: string, message: unknown): void {
    const sent = message instanceof Uint8Array ? message.slice() : JSON.stringify(message);
    const body = this.gone.has(from) ? undefined : this.arriving({ from, to, body: sent });
    if (body === undefined) return this.lose(from);
    this.seen.push({ from, to, body });
    const line = `${from}>${to}`;
    const taker = this.takers.get(line);
    this.takers.delete(line);
    if (taker) taker.give(body);
    else this.waiting.set(line, [...(this.waiting.get(line) ?? []), body]);
  }

  private take(from: string, to: string): Promise<Body> {
    const line = `${from}>${to}`;
    const body = this.waiting.get(line)?.shift();
    if (body !== undefined) return Promise.resolve(body);
    if (this.gone.has(from)) return Promise.reject(loss(from));
    return new Promise((give, lose) => this.takers.set(line, { give, lose }));
  }
}

const loss = (party: string): TaskFailure => new TaskFailure('PARTY_LOST', `${party} was lost`, true, { party });
