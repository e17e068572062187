import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Secure aggregation of models. */
@Processor(queueName('aggregate'), PROCESSOR_OPTIONS)
export class AggregateProcessor extends TaskProcessor {}
