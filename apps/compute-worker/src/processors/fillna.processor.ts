import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Fill missing values. */
@Processor(queueName('fillna'), PROCESSOR_OPTIONS)
export class FillnaProcessor extends TaskProcessor {}
