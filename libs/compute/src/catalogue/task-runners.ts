import type { TaskRunner } from '../contract/task-runner.js';
import { native } from './native.js';

/** Every runner; the first runs the tasks that name no engine. A new runner is added only here. */
export const taskRunners: readonly TaskRunner[] = [native];

/** Engines that the documentation mentions, and that are not built yet. */
const LATER = ['secretflow', 'kuscia', 'celery'];

/** The runner of this name, by default the first, if it runs the type. */
export function findRunner(type: string, name: unknown = taskRunners[0]!.name): TaskRunner | undefined {
  return taskRunners.find((each) => each.name === name && each.leaves(type) !== undefined);
}

/** Alternatives to an engine that `findRunner` does not find. */
export function engineFault(type: string, name: unknown): string {
  const able = taskRunners.filter((each) => each.leaves(type) !== undefined);
  const names = able.map((each) => JSON.stringify(each.name)).join(' or ');
  const why = LATER.includes(name as string) ? 'is not built yet' : `does not exist, or does not run ${type}`;
  return `must be ${names}; the engine ${JSON.stringify(name)} ${why}`;
}
