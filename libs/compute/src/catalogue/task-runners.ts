import type { Engine } from '../contract/task-runner.js';
import { native } from './native.js';

/** Every engine; the first is that of tasks that name none. A new engine is added here and nowhere else. */
export const engines: readonly Engine[] = [native];

/** Engines that are spoken of, and are not there yet. */
const LATER = ['secretflow', 'kuscia', 'celery'];

/** The engine of this name, the first where there is none, if it runs the type. */
export function findEngine(type: string, name: unknown = engines[0]!.name): Engine | undefined {
  return engines.find((each) => each.name === name && each.leaves(type) !== undefined);
}

/** What to name instead of an engine that `findEngine` does not find. */
export function engineFault(type: string, name: unknown): string {
  const able = engines.filter((each) => each.leaves(type) !== undefined);
  const names = able.map((each) => JSON.stringify(each.name)).join(' or ');
  const why = LATER.includes(name as string) ? 'is not built yet' : `does not exist, or does not run ${type}`;
  return `must be ${names}; the engine ${JSON.stringify(name)} ${why}`;
}
