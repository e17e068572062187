import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Rows of several tables. */
@Processor(queueName('union'), PROCESSOR_OPTIONS)
export class UnionProcessor extends TaskProcessor {}
