import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Bins by weight of evidence of the columns of all parties. */
@Processor(queueName('woe_binning'), PROCESSOR_OPTIONS)
export class WoeBinningProcessor extends TaskProcessor {}
