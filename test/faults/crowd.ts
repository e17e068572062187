import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const NAME = 'crowd';
const AT_ONCE = 8;
const TOO_MANY_CLIENTS = '53300';

/** Clients that hold every connection of a PostgreSQL, those that others had as well. */
export class Crowd {
  private readonly clients: pg.Client[] = [];
  private wanted = false;
  private taking: Promise<void> = Promise.resolve();

  constructor(private readonly url: string) {}

  /** Resolves when PostgreSQL has refused one; from then on what becomes free is taken. */
  async come(): Promise<void> {
    this.wanted = true;
    await this.fill();
    await this.throwOthersOut();
    this.taking = this.keepFull();
  }

  /** Gives all connections back. */
  async go(): Promise<void> {
    this.wanted = false;
    await this.taking;
    await Promise.all(this.clients.splice(0).map((client) => client.end()));
  }

  private async keepFull(): Promise<void> {
    for (; this.wanted; await delay(100)) await this.fill();
  }

  private async fill(): Promise<void> {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (this.wanted && (await this.takeOne()));
      }),
    );
  }

  /** False where there is none left. */
  private async takeOne(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, application_name: NAME });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      if ((error as { code?: string }).code !== TOO_MANY_CLIENTS) throw error;
      return false;
    }
    this.clients.push(client);
    return true;
  }

  private async throwOthersOut(): Promise<void> {
    await this.clients[0]!.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> $1`,
      [NAME],
    );
  }
}
