import { Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { closeBackend, openBackend, TaskQueues } from '#libs/queues';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { HttpModule } from '../http/http.module.js';
import { QueueBoard, QUEUES_OPENER, type OpenQueues } from './queue-board.js';

@Module({
  imports: [AuthModule, CatalogueModule, HttpModule],
  providers: [
    QueueBoard,
    {
      provide: QUEUES_OPENER,
      inject: [APP_CONFIG],
      useFactory: (config: AppConfig) => (): OpenQueues => {
        const backend = openBackend({ ...config, maxConnections: 2 });
        const queues = new TaskQueues(backend, () => undefined);
        return {
          toShow: (type) => queues.toShow(type),
          close: async () => {
            await queues.close();
            await closeBackend(backend);
          },
        };
      },
    },
  ],
})
export class QueueBoardModule {}
