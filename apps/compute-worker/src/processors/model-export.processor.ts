import { Processor } from '@nestjs/bullmq';
import { PROCESSOR_OPTIONS, queueName } from '#libs/queues';
import { TaskProcessor } from './task-processor.js';

/** Export of a model. */
@Processor(queueName('model_export'), PROCESSOR_OPTIONS)
export class ModelExportProcessor extends TaskProcessor {}
