import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Statistics and correlation in one report. */
@Processor(queueName('analysis'), PROCESSOR_OPTIONS)
export class AnalysisProcessor extends TaskProcessor {}
