import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { QueuesModule, TaskQueues } from '#libs/queues';
import { AuthModule } from '../auth/auth.module.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { HttpModule } from '../http/http.module.js';
import { QueueBoard, QUEUES_OPENER, type OpenQueues } from './queue-board.js';

/** The queues that the board shows: an application context, since nothing is opened before somebody looks. */
@Module({})
class ShownQueuesModule {
  static with({ redisUrl, databaseUrl }: AppConfig, types: readonly string[]): DynamicModule {
    return {
      module: ShownQueuesModule,
      imports: [
        QueuesModule.forRoot({
          useFactory: () => ({ redisUrl, databaseUrl, maxConnections: 2, onFault: () => undefined }),
        }),
        QueuesModule.registerTypes(types),
      ],
    };
  }
}

@Module({
  imports: [AuthModule, CatalogueModule, HttpModule],
  providers: [
    QueueBoard,
    {
      provide: QUEUES_OPENER,
      inject: [APP_CONFIG, Catalogue],
      useFactory: (config: AppConfig, catalogue: Catalogue) => async (): Promise<OpenQueues> => {
        const shown = ShownQueuesModule.with(config, catalogue.types);
        const context = await NestFactory.createApplicationContext(shown, { abortOnError: false });
        const queues = context.get(TaskQueues);
        return { queue: (type) => queues.queue(type), close: () => context.close() };
      },
    },
  ],
})
export class QueueBoardModule {}
