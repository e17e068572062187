import { Inject, Module, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { queueName } from '#libs/queues';
import { RunsModule } from '../runs/runs.module.js';
import { processors } from './processors.js';
import type { TaskProcessor } from './task-processor.js';

/** Injects the worker's processors by task type. */
export const PROCESSORS = Symbol('PROCESSORS');
export type Processors = ReadonlyMap<string, TaskProcessor>;

/** The processors of the task types that this worker runs. Refuses to boot unless each type has its own. */
@Module({})
export class ProcessorsModule implements OnApplicationBootstrap {
  constructor(@Inject(PROCESSORS) private readonly processors: Processors) {}

  static forTypes(types: readonly string[]): DynamicModule {
    const classes = types.map((type) => {
      const processor = processors[type];
      if (processor === undefined) throw new Error(`the task type ${type} has no processor`);
      return processor;
    });
    return {
      module: ProcessorsModule,
      imports: [RunsModule],
      providers: [
        ...classes,
        {
          provide: PROCESSORS,
          inject: classes,
          useFactory: (...made: TaskProcessor[]) => new Map(types.map((type, at) => [type, made[at]])),
        },
      ],
      exports: [PROCESSORS],
    };
  }

  onApplicationBootstrap(): void {
    for (const [type, { queue }] of this.processors) {
      if (queue !== queueName(type)) throw new Error(`the processor of ${type} takes jobs of ${queue}`);
    }
  }
}
