import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Rows by a condition. */
@Processor(queueName('condition_filter'), PROCESSOR_OPTIONS)
export class ConditionFilterProcessor extends TaskProcessor {}
