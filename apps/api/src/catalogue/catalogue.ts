import { Injectable } from '@nestjs/common';
import { checkTaskParams, findTaskType, taskTypes, type TaskType } from '#libs/compute';
import type { TaskCatalogue } from '../chains/creating/params-faults.js';

/** The task types that chains may use. */
@Injectable()
export class Catalogue implements TaskCatalogue {
  readonly all: readonly TaskType[];
  readonly types: readonly string[];

  constructor(diagnosticTasks: boolean) {
    this.all = taskTypes.filter(({ type }) => type !== 'diagnostic' || diagnosticTasks);
    this.types = this.all.map(({ type }) => type);
  }

  find(type: string): ReturnType<TaskCatalogue['find']> {
    if (!this.types.includes(type) || findTaskType(type) === undefined) return undefined;
    return { checkParams: (params) => checkTaskParams(type, params as never) };
  }
}
