import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Evaluation of a model on test data. */
@Processor(queueName('evaluation'), PROCESSOR_OPTIONS)
export class EvaluationProcessor extends TaskProcessor {}
