import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** New columns by cases. */
@Processor(queueName('case_when'), PROCESSOR_OPTIONS)
export class CaseWhenProcessor extends TaskProcessor {}
