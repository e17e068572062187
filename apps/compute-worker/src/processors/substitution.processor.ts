import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Rules that were learnt from one table, applied to another. */
@Processor(queueName('substitution'), PROCESSOR_OPTIONS)
export class SubstitutionProcessor extends TaskProcessor {}
