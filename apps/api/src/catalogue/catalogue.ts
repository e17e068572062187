import { Injectable } from '@nestjs/common';

import {
  checkTaskParams,
  findTaskType,
  scriptFaults,
  takesSecret,
  taskTypes,
  type AllowedScripts,
  type TaskType,
} from '#libs/compute';
import { FOR_EACH, isControlType } from '#libs/chain-domain';
import { checkControl, controlTypes } from './control-types.js';

/** What is wrong with parameters, and where: INVALID_PARAMS unless the fault has a more exact code. */
interface ParamsFault {
  readonly code?: string;
  readonly pointer: string;
  readonly message: string;
}

interface TypeChecks {
  checkParams(params: Record<string, unknown>): readonly ParamsFault[];
  /** Whether the parameter at this place, from `task_params`, may be a secret. */
  takesSecret(path: readonly (string | number)[]): boolean;
}

/** The task types that there are, and the check of their parameters; pointers are relative to `task_params`. */
export interface TaskCatalogue {
  find(type: string): TypeChecks | undefined;
  readonly types: readonly string[];
}

/** The task types that chains may use. */
@Injectable()
export class Catalogue implements TaskCatalogue {
  readonly all: readonly TaskType[];
  readonly types: readonly string[];

  constructor(
    diagnosticTasks: boolean,
    private readonly scripts: AllowedScripts,
  ) {
    this.all = [...taskTypes.filter(({ type }) => type !== 'diagnostic' || diagnosticTasks), ...controlTypes];
    this.types = this.all.map(({ type }) => type);
  }

  find(type: string): ReturnType<TaskCatalogue['find']> {
    if (isControlType(type)) {
      // expand-for-each.ts has made its parameters.
      const checkParams = (params: Record<string, unknown>) => (type === FOR_EACH ? [] : checkControl(type, params));
      return { checkParams, takesSecret: () => false };
    }
    if (!this.types.includes(type) || findTaskType(type) === undefined) return undefined;
    return {
      checkParams: (params) => {
        const faults = checkTaskParams(type, params as never);
        return faults.length > 0 || type !== 'script' ? faults : scriptFaults(params, this.scripts);
      },
      takesSecret: (path) => takesSecret(type, path),
    };
  }
}
