import { TaskFailure } from '../contract/task-type.js';
import type { SumContext } from './masked-sum.js';

/** A message between two parties. */
export interface MeshMessage {
  readonly from: string;
  readonly to: string;
  readonly body: Uint8Array | string;
}

/** Lines between each two parties inside one process. What a party says can be changed on its way, and a party can be lost before a message. */
export class MeshNetwork {
  readonly seen: MeshMessage[] = [];
  private readonly inboxes = new Map<string, (Uint8Array | string)[]>();
  private readonly takers = new Map<
    string,
    { give: (body: Uint8Array | string) => void; lose: (error: Error) => void }
  >();
  private readonly gone = new Set<string>();

  /** `change` returns what arrives; undefined: its sender is lost. */
  constructor(
    private readonly parties: readonly string[],
    private readonly change: (message: MeshMessage) => Uint8Array | string | undefined = ({ body }) => body,
  ) {}

  party(name: string): SumContext {
    return {
      party: name,
      peers: this.parties.filter((each) => each !== name).sort(),
      send: async (to, message) => {
        const body = message instanceof Uint8Array ? message.slice() : JSON.stringify(message);
        this.put(name, to, body);
      },
      receiveJson: async <T>(from: string) => JSON.parse((await this.take(from, name)) as string) as T,
      receiveBytes: async (from) => (await this.take(from, name)) as Uint8Array,
    };
  }

  /** The vectors that crossed, as the network saw them. */
  vectors(from: string, to?: string): Uint8Array[] {
    return this.seen.flatMap(({ body, ...line }) =>
      line.from === from && (to === undefined || line.to === to) && body instanceof Uint8Array ? [body] : [],
    );
  }

  /** Its lines break: what it has sent is still read. */
  lose(name: string): void {
    this.gone.add(name);
    for (const [line, { lose }] of this.takers) if (line.startsWith(`${name}>`)) lose(loss(name));
  }

  private put(from: string, to: string, sent: Uint8Array | string): void {
    const body = this.gone.has(from) ? undefined : this.change({ from, to, body: sent });
    if (body === undefined) return this.lose(from);
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
    if (this.gone.has(from)) return Promise.reject(loss(from));
    return new Promise((give, lose) => this.takers.set(line, { give, lose }));
  }
}

const loss = (party: string): TaskFailure => new TaskFailure('PARTY_LOST', `${party} was lost`, true, { party });
