import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Diagnostic. */
@Processor(queueName('diagnostic'), PROCESSOR_OPTIONS)
export class DiagnosticProcessor extends TaskProcessor {}
