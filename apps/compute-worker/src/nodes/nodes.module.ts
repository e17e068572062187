import { Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { NodeConnectionRepository, openDatabase } from '#libs/repositories';
import { NODE_DATABASE, NodeListener } from './node-listener.js';

/** Where sites of parties keep their connections, by a role that may store and check those alone. It connects when the first one comes. */
@Module({
  providers: [
    NodeConnectionRepository,
    {
      provide: NODE_DATABASE,
      inject: [APP_CONFIG],
      useFactory: ({ databaseUrl }: AppConfig) =>
        openDatabase(databaseUrl, { role: 'task_chain_worker', max: 2, applicationName: 'task-chain-worker-nodes' }),
    },
    NodeListener,
  ],
})
export class NodesModule {}
