import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Predictions of a model on new rows, for one party. */
@Processor(queueName('predict'), PROCESSOR_OPTIONS)
export class PredictProcessor extends TaskProcessor {}
