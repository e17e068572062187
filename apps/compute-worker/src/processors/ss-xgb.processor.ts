import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Vertical gradient-boosted trees on secret shares. */
@Processor(queueName('ss_xgb'), PROCESSOR_OPTIONS)
export class SsXgbProcessor extends TaskProcessor {}
