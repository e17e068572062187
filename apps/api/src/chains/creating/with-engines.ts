import { isObject } from '#libs/chain-domain';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';

/** What a stored task runs on that names no engine: chains from before there were others name none. */
const UNNAMED = 'native';

/**
 * The tasks with the engine of those that name none, where that is not native: it is settled when a chain is created, stored with the task, and part of what an owner signs.
 */
export function withEngines(tasks: readonly unknown[], catalogue: TaskCatalogue): readonly unknown[] {
  return tasks.map((task) => {
    if (!isObject(task)) return task;
    const settled = withEngine(task, catalogue);
    const undo = settled['compensate_with'];
    return isObject(undo) ? { ...settled, compensate_with: withEngine(undo, catalogue) } : settled;
  });
}

function withEngine(
  task: Readonly<Record<string, unknown>>,
  catalogue: TaskCatalogue,
): Readonly<Record<string, unknown>> {
  const { task_type: type, task_params: params } = task;
  if (typeof type !== 'string' || !isObject(params) || params['engine'] !== undefined) return task;
  const engine = catalogue.find(type)?.engineOf?.(params) ?? UNNAMED;
  return engine === UNNAMED ? task : { ...task, task_params: { engine, ...params } };
}
