import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Validation of tables. */
@Processor(queueName('validation'), PROCESSOR_OPTIONS)
export class ValidationProcessor extends TaskProcessor {}
