import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Min-max scaler. */
@Processor(queueName('minmax_scaler'), PROCESSOR_OPTIONS)
export class MinmaxScalerProcessor extends TaskProcessor {}
