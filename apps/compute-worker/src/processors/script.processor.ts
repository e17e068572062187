import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Command over the tables of a party. */
@Processor(queueName('script'), PROCESSOR_OPTIONS)
export class ScriptProcessor extends TaskProcessor {}
