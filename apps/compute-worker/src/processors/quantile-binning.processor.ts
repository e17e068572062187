import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Quantile binning. */
@Processor(queueName('quantile_binning'), PROCESSOR_OPTIONS)
export class QuantileBinningProcessor extends TaskProcessor {}
