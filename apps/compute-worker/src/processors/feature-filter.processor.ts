import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Columns left out. */
@Processor(queueName('feature_filter'), PROCESSOR_OPTIONS)
export class FeatureFilterProcessor extends TaskProcessor {}
