import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Evaluation of a binary classifier. */
@Processor(queueName('biclassification_eval'), PROCESSOR_OPTIONS)
export class BiclassificationEvalProcessor extends TaskProcessor {}
