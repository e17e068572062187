import { Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { NodeOfferRepository, openDatabase } from '#libs/repositories';
import { NODE_DATABASE } from './node-database.js';
import { SiteRuns } from './site-runs.js';

/** Runs at sites. Their state lies in the database, by a role that may call the functions of sites alone. It connects when there is the first. */
@Module({
  providers: [
    NodeOfferRepository,
    {
      provide: NODE_DATABASE,
      inject: [APP_CONFIG],
      useFactory: ({ databaseUrl }: AppConfig) =>
        openDatabase(databaseUrl, { role: 'task_chain_worker', max: 2, applicationName: 'task-chain-worker-nodes' }),
    },
    SiteRuns,
  ],
  exports: [NODE_DATABASE, NodeOfferRepository, SiteRuns],
})
export class SitesModule {}
