import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Federated training. */
@Processor(queueName('federated_training'), PROCESSOR_OPTIONS)
export class FederatedTrainingProcessor extends TaskProcessor {}
