import { type FaultList, type findReferences, isObject, quoted } from '#libs/chain-domain';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';

type Reference = ReturnType<typeof findReferences>['references'][number];

interface Chain {
  readonly tasks: readonly unknown[];
  /** Of tasks, by their ids. */
  readonly positions: ReadonlyMap<string, number>;
  readonly catalogue: TaskCatalogue;
  readonly faults: FaultList;
}

/** Adds a fault for each reference to an output that its engine leaves where no task here reads it. `at` is where the parameters stand, and `label` begins what is said. */
export function addElsewhereFaults(
  { tasks, positions, catalogue, faults }: Chain,
  references: readonly Reference[],
  at: string,
  label: string,
): void {
  for (const { taskId, path, raw, pointer } of references) {
    const from = tasks[positions.get(taskId) ?? -1];
    if (!isObject(from) || typeof from['task_type'] !== 'string' || !isObject(from['task_params'])) continue;
    const params = from['task_params'];
    if (catalogue.find(from['task_type'])?.isElsewhere?.(params, path[0]) !== true) continue;
    const engine = quoted(String(params['engine']));
    faults.add({
      code: 'INVALID_PARAMS',
      pointer: at + pointer,
      message:
        `${label}${quoted(raw)} is a table that the engine ${engine} leaves at its nodes, which no task here reads: let task ${quoted(taskId)} run on ` +
        `"native" (task_params.engine), or end the chain there, and register the table as a dataset once its owner has taken it out of the node.`,
    });
  }
}
