import { Injectable } from '@nestjs/common';
import { checkTaskParams, findTaskType, taskTypes, type TaskType } from '#libs/compute';

/** What is wrong with parameters, and where: INVALID_PARAMS unless it has a code of its own. */
interface ParamsFault {
  readonly code?: string;
  readonly pointer: string;
  readonly message: string;
}

/** The task types that there are, and the check of their parameters; pointers are relative to `task_params`. */
export interface TaskCatalogue {
  find(type: string): { checkParams(params: Record<string, unknown>): readonly ParamsFault[] } | undefined;
  readonly types: readonly string[];
}

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
