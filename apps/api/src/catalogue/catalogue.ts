import { Injectable } from '@nestjs/common';

import {
  checkTaskParams,
  EngineChoice,
  findTaskType,
  makeRunners,
  readScripts,
  scriptFaults,
  takesSecret,
  taskRunners,
  taskTypes,
  type AllowedScripts,
  type TaskType,
  type TenantEngines,
} from '#libs/compute';
import type { Config } from '#libs/platform';
import { FOR_EACH, isControlType } from '#libs/chain-domain';
import { checkControl, controlTypes } from './control-types.js';

/** What is wrong with parameters, and where: INVALID_PARAMS unless the fault has a more exact code. */
interface ParamsFault {
  readonly code?: string;
  readonly pointer: string;
  readonly message: string;
  /** The parameter must be written out: a reference in its place is no excuse. */
  readonly isLiteral?: true;
}

interface TypeChecks {
  checkParams(params: Record<string, unknown>): readonly ParamsFault[];
  /** Whether the parameter at this place, from `task_params`, may be a secret. */
  takesSecret(path: readonly (string | number)[]): boolean;
  /** The engine of a task with these parameters, which name none. No engine runs types without this. */
  engineOf?(params: Record<string, unknown>): string;
  /** Whether its tasks read tables of parties. */
  readonly readsTables?: boolean;
  /** Whether a member of the result of a task with these parameters says where outputs lie that no task here reads. */
  isElsewhere?(params: Record<string, unknown>, member: unknown): boolean;
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
    private readonly diagnosticTasks: boolean,
    private readonly scripts: AllowedScripts,
    readonly engines = new EngineChoice(taskRunners, 'native'),
  ) {
    this.all = [...taskTypes.filter(({ type }) => type !== 'diagnostic' || diagnosticTasks), ...controlTypes];
    this.types = this.all.map(({ type }) => type);
  }

  /** As a tenant's settings of engines have it. */
  forTenant(engines: TenantEngines | undefined): Catalogue {
    const isAsItIs = engines === undefined || (engines.default_engine === null && engines.allowed_engines === null);
    // eslint-disable-next-line no-restricted-syntax -- one for a request.
    return isAsItIs ? this : new Catalogue(this.diagnosticTasks, this.scripts, this.engines.forTenant(engines));
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
        const { engine = 'native' } = params;
        // What it leads to would be known when the engine can no longer be refused.
        if (typeof engine === 'string' && engine.includes('${')) {
          return [{ pointer: '/engine', message: 'is written out: it takes no references', isLiteral: true }];
        }
        const faults = checkTaskParams(type, params as never);
        const fault = faults.length > 0 ? undefined : this.engines.fault(engine as string, type, params);
        if (fault !== undefined) return [{ pointer: '/engine', message: fault }];
        if (faults.length === 0) faults.push(...this.engines.refusals(engine as string, type, params));
        return faults.length > 0 || type !== 'script' ? faults : scriptFaults(params, this.scripts);
      },
      engineOf: (params) => this.engines.of(type, params as never),
      readsTables: findTaskType(type)!.needsParties,
      isElsewhere: ({ engine = 'native' }, member) => this.engines.isElsewhere(engine as string, member),
      takesSecret: (path) => takesSecret(type, path),
    };
  }
}

/** What of the configuration decides on task types and engines. */
export type CatalogueSettings = Pick<
  Config,
  | 'diagnosticTasks'
  | 'scriptTasks'
  | 'secretflowPython'
  | 'secretflowComponentsPython'
  | 'secretflowComponents'
  | 'celery'
  | 'kuscia'
  | 'engineDefault'
>;

/** The task types of a deployment, and the engines that run them. */
export function makeCatalogue(config: CatalogueSettings): Catalogue {
  const engines = new EngineChoice(makeRunners(config), config.engineDefault);
  // eslint-disable-next-line no-restricted-syntax -- a module builds it by this, and a thread, which has no Nest.
  return new Catalogue(config.diagnosticTasks, readScripts(config.scriptTasks), engines);
}
