import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** HTTP call. */
@Processor(queueName('http'), PROCESSOR_OPTIONS)
export class HttpProcessor extends TaskProcessor {}
