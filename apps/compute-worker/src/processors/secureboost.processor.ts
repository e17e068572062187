import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Vertical gradient-boosted trees by SecureBoost. */
@Processor(queueName('secureboost'), PROCESSOR_OPTIONS)
export class SecureBoostProcessor extends TaskProcessor {}
