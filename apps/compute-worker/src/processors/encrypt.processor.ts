import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Encryption to recipients. */
@Processor(queueName('encrypt'), PROCESSOR_OPTIONS)
export class EncryptProcessor extends TaskProcessor {}
