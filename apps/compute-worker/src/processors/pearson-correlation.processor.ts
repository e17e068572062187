import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Pearson correlation across parties. */
@Processor(queueName('pearson_correlation'), PROCESSOR_OPTIONS)
export class PearsonCorrelationProcessor extends TaskProcessor {}
