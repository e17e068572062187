import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Equal-width binning. */
@Processor(queueName('equal_width_binning'), PROCESSOR_OPTIONS)
export class EqualWidthBinningProcessor extends TaskProcessor {}
