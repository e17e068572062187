import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Mean predictions against mean labels by bucket, for one party. */
@Processor(queueName('prediction_bias_eval'), PROCESSOR_OPTIONS)
export class PredictionBiasEvalProcessor extends TaskProcessor {}
