import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Preprocessing. */
@Processor(queueName('preprocessing'), PROCESSOR_OPTIONS)
export class PreprocessingProcessor extends TaskProcessor {}
