import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** One-hot encoder. */
@Processor(queueName('onehot_encoder'), PROCESSOR_OPTIONS)
export class OnehotEncoderProcessor extends TaskProcessor {}
