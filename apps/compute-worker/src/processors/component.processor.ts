import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Components of SecretFlow. */
@Processor(queueName('component'), PROCESSOR_OPTIONS)
export class ComponentProcessor extends TaskProcessor {}
