import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Report. */
@Processor(queueName('report'), PROCESSOR_OPTIONS)
export class ReportProcessor extends TaskProcessor {}
