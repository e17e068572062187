import { celery } from '../celery/celery.js';
import type { CelerySettings } from '../celery/fleet.js';
import { REFUSED_AT_FLEETS } from '../celery/refused-types.js';
import { kuscia } from '../kuscia/kuscia.js';
import type { KusciaSettings } from '../kuscia/kuscia-settings.js';
import { secretflow } from '../secretflow/secretflow.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { native } from './native.js';

/** What the engines of a deployment are made of. */
export interface EngineSettings {
  /** The Python of an environment with SPU. */
  readonly secretflowPython?: string | undefined;
  /** The brokers of fleets of Celery workers. */
  readonly celery?: CelerySettings | undefined;
  /** The nodes of Kuscia. */
  readonly kuscia?: KusciaSettings | undefined;
  /** The Python of an environment with SecretFlow's components. */
  readonly secretflowComponentsPython?: string | undefined;
  /** Components that the operator allows though nobody has reviewed what they send. */
  readonly secretflowComponents?: readonly string[];
}

/** Every runner, of these settings; the first runs the tasks that name no engine. A new runner is added only here. */
export function makeRunners({
  secretflowPython,
  secretflowComponentsPython: python,
  secretflowComponents: allowed = [],
  celery: brokers,
  kuscia: nodes,
}: EngineSettings): readonly TaskRunner[] {
  return [native, secretflow(secretflowPython, { python, allowed }), celery(brokers), kuscia(nodes)];
}

/** All of them as checks of parameters, which need no settings. */
export const taskRunners = makeRunners({});

/** The runner of this name, by default the first, if it runs the type. */
export function findRunner(
  type: string,
  name: unknown = taskRunners[0]!.name,
  runners: readonly TaskRunner[] = taskRunners,
): TaskRunner | undefined {
  return runners.find((each) => each.name === name && each.leaves(type) !== undefined);
}

/** Alternatives to an engine that `findRunner` does not find. */
export function engineFault(type: string, name: unknown): string {
  const able = taskRunners.filter((each) => each.leaves(type) !== undefined);
  const names = able.map((each) => JSON.stringify(each.name)).join(' or ');
  const refused = name === 'celery' ? REFUSED_AT_FLEETS[type] : undefined;
  const why = refused === undefined ? `does not exist, or does not run ${type}` : `does not run ${type}: ${refused}`;
  return `must be ${names}; the engine ${JSON.stringify(name)} ${why}`;
}
