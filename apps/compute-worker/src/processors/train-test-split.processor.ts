import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** The same rows of aligned tables to train and to test on. */
@Processor(queueName('train_test_split'), PROCESSOR_OPTIONS)
export class TrainTestSplitProcessor extends TaskProcessor {}
