import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Standard scaler. */
@Processor(queueName('standard_scaler'), PROCESSOR_OPTIONS)
export class StandardScalerProcessor extends TaskProcessor {}
