import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ChainsModule } from '../chains/chains.module.js';
import { BulkController } from './bulk.controller.js';
import { ChainControlsController } from './chain-controls.controller.js';
import { Controls } from './controls.js';
import { TaskControlsController } from './task-controls.controller.js';

@Module({
  imports: [AuthModule, ChainsModule],
  controllers: [BulkController, ChainControlsController, TaskControlsController],
  providers: [Controls],
  exports: [Controls],
})
export class ControlsModule {}
