import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ChainsModule } from '../chains/chains.module.js';
import { AllEventsController } from './all-events.controller.js';
import { ChainWatch } from './chain-watch.js';
import { EventLog } from './event-log.js';
import { EventsController } from './events.controller.js';
import { OpenStreams } from './open-streams.js';

@Module({
  imports: [AuthModule, ChainsModule],
  controllers: [EventsController, AllEventsController],
  providers: [ChainWatch, EventLog, OpenStreams],
  exports: [ChainWatch, OpenStreams],
})
export class EventsModule {}
