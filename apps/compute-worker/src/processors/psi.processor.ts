import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Private set intersection. */
@Processor(queueName('psi'), PROCESSOR_OPTIONS)
export class PsiProcessor extends TaskProcessor {}
