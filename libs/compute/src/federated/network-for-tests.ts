import { NEUTRAL } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import type { SumContext } from './masked-sum.js';
import type { ServerContext } from './sum-server.js';

/** A message between a party and the aggregator. */
export interface SeenMessage {
  readonly from: string;
  readonly to: string;
  readonly body: Uint8Array | string;
}

/** The error of a party that a test loses. */
class Lost extends Error {}

/** Lines between parties and an aggregator inside one process, on which a party can be lost before any message it sends. */
export class StarNetwork {
  readonly seen: SeenMessage[] = [];
  private readonly inboxes = new Map<string, (Uint8Array | string)[]>();
  private readonly takers = new Map<
    string,
    { give: (body: Uint8Array | string) => void; lose: (error: Error) => void }
  >();
  private readonly gone = new Set<string>();
  private readonly sent = new Map<string, number>();

  /** `losses`: before which of its messages (from 1) a party is lost. */
  constructor(
    private readonly parties: readonly string[],
    private readonly losses: Readonly<Record<string, number>> = {},
  ) {}

  party(name: string): SumContext {
    return {
      party: name,
      peers: this.parties.filter((each) => each !== name).sort(),
      send: async (_, message) => {
        const count = (this.sent.get(name) ?? 0) + 1;
        this.sent.set(name, count);
        if (this.losses[name] === count) {
          this.gone.add(name);
          this.takers.get(`${name}>${NEUTRAL}`)?.lose(this.loss(name));
          throw new Lost(name);
        }
        this.put(name, NEUTRAL, message);
      },
      receiveJson: async <T>() => JSON.parse((await this.take(NEUTRAL, name)) as string) as T,
      receiveBytes: async () => (await this.take(NEUTRAL, name)) as Uint8Array,
    };
  }

  server(): ServerContext {
    return {
      send: async (to, message) => this.put(NEUTRAL, to, message),
      receiveJson: async <T>(from: string) => JSON.parse((await this.take(from, NEUTRAL)) as string) as T,
      receiveBytes: async (from) => (await this.take(from, NEUTRAL)) as Uint8Array,
    };
  }

  /** Runs a party to its end; undefined where it was lost. */
  async outlive<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Lost) return undefined;
      throw error;
    }
  }

  private put(from: string, to: string, message: unknown): void {
    const body = message instanceof Uint8Array ? message.slice() : JSON.stringify(message);
    this.seen.push({ from, to, body });
    const line = `${from}>${to}`;
    const taker = this.takers.get(line);
    this.takers.delete(line);
    if (taker) taker.give(body);
    else this.inboxes.set(line, [...(this.inboxes.get(line) ?? []), body]);
  }

  private take(from: string, to: string): Promise<Uint8Array | string> {
    const line = `${from}>${to}`;
    const body = this.inboxes.get(line)?.shift();
    if (body !== undefined) return Promise.resolve(body);
    if (this.gone.has(from)) return Promise.reject(this.loss(from));
    return new Promise((give, lose) => this.takers.set(line, { give, lose }));
  }

  private loss(party: string): TaskFailure {
    return new TaskFailure('PARTY_LOST', `${party} was lost`, true);
  }
}
