import { Module } from '@nestjs/common';
import { ChainsModule } from '../chains/chains.module.js';
import { EventsModule } from '../events/events.module.js';
import { ArtifactAccess } from './artifact-access.js';
import { ArtifactsController } from './artifacts.controller.js';
import { TaskListController } from './task-list.controller.js';
import { TaskLogsController } from './task-logs.controller.js';
import { TasksController } from './tasks.controller.js';

@Module({
  imports: [ChainsModule, EventsModule],
  controllers: [TaskListController, TasksController, TaskLogsController, ArtifactsController],
  providers: [ArtifactAccess],
})
export class TasksModule {}
