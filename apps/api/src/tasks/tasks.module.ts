import { Module } from '@nestjs/common';
import { ChainsModule } from '../chains/chains.module.js';
import { TasksController } from './tasks.controller.js';

@Module({ imports: [ChainsModule], controllers: [TasksController] })
export class TasksModule {}
