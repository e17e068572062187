import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Feature engineering. */
@Processor(queueName('feature_engineering'), PROCESSOR_OPTIONS)
export class FeatureEngineeringProcessor extends TaskProcessor {}
