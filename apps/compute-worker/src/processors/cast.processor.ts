import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Types of columns. */
@Processor(queueName('cast'), PROCESSOR_OPTIONS)
export class CastProcessor extends TaskProcessor {}
