import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { failpoint } from '#libs/platform';
import { Database } from '#libs/repositories';

/** Two pools on one database: the engine's with pinned plans, and one for reads that list and count. */
@Injectable()
export class Databases implements OnApplicationShutdown {
  readonly engine: Database;
  readonly reads: Database;

  constructor(databaseUrl: string) {
    this.engine = new Database(databaseUrl, {
      max: 10,
      applicationName: 'task-chain-api',
      aroundCommit: (moment) => failpoint(`api.${moment}`),
    });
    this.reads = new Database(databaseUrl, { max: 10, applicationName: 'task-chain-api-reads', pinPlans: false });
  }

  /** Not before HTTP is closed: requests in flight need them. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.engine.close(), this.reads.close()]);
  }
}
