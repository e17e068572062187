import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Table statistics. */
@Processor(queueName('table_statistics'), PROCESSOR_OPTIONS)
export class TableStatisticsProcessor extends TaskProcessor {}
