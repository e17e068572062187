import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Evaluation of a regression. */
@Processor(queueName('regression_eval'), PROCESSOR_OPTIONS)
export class RegressionEvalProcessor extends TaskProcessor {}
