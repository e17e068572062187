import { Module } from '@nestjs/common';
import { ChainsModule } from '../chains/chains.module.js';
import { ApprovalsController } from './approvals.controller.js';
import { DatasetsController } from './datasets.controller.js';
import { OpeningsController } from './openings.controller.js';
import { PartiesController } from './parties.controller.js';

/** Parties, and what their owners state. */
@Module({
  imports: [ChainsModule],
  controllers: [PartiesController, DatasetsController, ApprovalsController, OpeningsController],
})
export class PartiesModule {}
