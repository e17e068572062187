import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Scorecard of a regression. */
@Processor(queueName('scorecard'), PROCESSOR_OPTIONS)
export class ScorecardProcessor extends TaskProcessor {}
