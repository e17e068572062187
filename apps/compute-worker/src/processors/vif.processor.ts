import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Variance inflation factors across parties. */
@Processor(queueName('vif'), PROCESSOR_OPTIONS)
export class VifProcessor extends TaskProcessor {}
