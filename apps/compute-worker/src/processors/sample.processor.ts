import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Random rows. */
@Processor(queueName('sample'), PROCESSOR_OPTIONS)
export class SampleProcessor extends TaskProcessor {}
