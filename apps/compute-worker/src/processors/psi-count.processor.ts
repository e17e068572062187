import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** The size of an intersection. */
@Processor(queueName('psi_count'), PROCESSOR_OPTIONS)
export class PsiCountProcessor extends TaskProcessor {}
