import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Vertical regression on secret shares. */
@Processor(queueName('ss_lr'), PROCESSOR_OPTIONS)
export class SsLrProcessor extends TaskProcessor {}
