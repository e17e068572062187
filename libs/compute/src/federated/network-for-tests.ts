import { TestLines } from '../mpc/lines-for-tests.js';
import { NEUTRAL } from '../party/party-program.js';
import type { SumContext } from './masked-sum.js';
import type { ServerContext } from './sum-server.js';

/** The error of a party that a test loses. */
class Lost extends Error {}

/** Lines between parties and an aggregator inside one process, on which a party can be lost before any message it sends. */
export class StarNetwork extends TestLines {
  private readonly sent = new Map<string, number>();

  /** `losses`: before which of its messages (from 1) a party is lost. */
  constructor(
    private readonly parties: readonly string[],
    private readonly losses: Readonly<Record<string, number>> = {},
  ) {
    super();
  }

  override party(name: string): SumContext {
    const line = super.party(name);
    return {
      party: name,
      peers: this.parties.filter((each) => each !== name).sort(),
      send: async (_, message) => {
        const count = (this.sent.get(name) ?? 0) + 1;
        this.sent.set(name, count);
        if (this.losses[name] === count) {
          this.lose(name);
          throw new Lost(name);
        }
        await line.send(NEUTRAL, message);
      },
      receiveJson: () => line.receiveJson(NEUTRAL),
      receiveBytes: () => line.receiveBytes(NEUTRAL),
    };
  }

  server(): ServerContext {
    return super.party(NEUTRAL);
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
}
