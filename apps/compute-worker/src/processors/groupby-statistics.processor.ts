import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Statistics by group. */
@Processor(queueName('groupby_statistics'), PROCESSOR_OPTIONS)
export class GroupbyStatisticsProcessor extends TaskProcessor {}
