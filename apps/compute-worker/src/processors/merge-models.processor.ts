import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Merge models. */
@Processor(queueName('merge_models'), PROCESSOR_OPTIONS)
export class MergeModelsProcessor extends TaskProcessor {}
