import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Stability over time. */
@Processor(queueName('stability'), PROCESSOR_OPTIONS)
export class StabilityProcessor extends TaskProcessor {}
