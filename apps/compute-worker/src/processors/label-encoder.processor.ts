import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Label encoder. */
@Processor(queueName('label_encoder'), PROCESSOR_OPTIONS)
export class LabelEncoderProcessor extends TaskProcessor {}
