import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** New columns by expressions. */
@Processor(queueName('expr'), PROCESSOR_OPTIONS)
export class ExprProcessor extends TaskProcessor {}
