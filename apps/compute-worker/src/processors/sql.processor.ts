import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** SQL on the tables of a party. */
@Processor(queueName('sql'), PROCESSOR_OPTIONS)
export class SqlProcessor extends TaskProcessor {}
