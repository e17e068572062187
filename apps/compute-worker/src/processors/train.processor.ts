import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Local training. */
@Processor(queueName('train'), PROCESSOR_OPTIONS)
export class TrainProcessor extends TaskProcessor {}
