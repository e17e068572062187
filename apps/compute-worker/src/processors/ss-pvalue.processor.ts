import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** P-values of the columns of a regression. */
@Processor(queueName('ss_pvalue'), PROCESSOR_OPTIONS)
export class SsPvalueProcessor extends TaskProcessor {}
