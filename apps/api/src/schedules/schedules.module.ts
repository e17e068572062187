import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { ChainsModule } from '../chains/chains.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { TemplatesModule } from '../templates/templates.module.js';
import { ScheduleCheck } from './schedule-check.js';
import { ScheduleOwners } from './schedule-owners.js';
import { ScheduleReader } from './schedule-reader.js';
import { ScheduleDeliveriesController } from './schedule-deliveries.controller.js';
import { ScheduleTicksController } from './schedule-ticks.controller.js';
import { SchedulesController } from './schedules.controller.js';
import { TickMaker } from './tick-maker.js';
import { Ticker } from './ticker.js';

/** Schedules, and the loop that makes their chains. */
@Module({
  imports: [AuthModule, CatalogueModule, ChainsModule, MetricsModule, TemplatesModule],
  controllers: [SchedulesController, ScheduleTicksController, ScheduleDeliveriesController],
  providers: [ScheduleCheck, ScheduleOwners, ScheduleReader, TickMaker, Ticker],
})
export class SchedulesModule {}
