import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Generalised linear models on secret shares. */
@Processor(queueName('ss_glm'), PROCESSOR_OPTIONS)
export class SsGlmProcessor extends TaskProcessor {}
