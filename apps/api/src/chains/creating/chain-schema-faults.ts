import { type FaultList, isObject, pointer, quoted } from '#libs/chain-domain';
import { addSchemaFaults, compileSchema } from '../../http/schema-faults.js';
import { createChainSchema } from './create-chain.schema.js';

const { tasks } = createChainSchema.properties;
// Tasks are checked one by one, so that checking ends when there are enough faults.
const checkBody = compileSchema({
  ...createChainSchema,
  properties: { ...createChainSchema.properties, tasks: { ...tasks, items: true } },
});
const checkTask = compileSchema(tasks.items);

/** Adds what the schema has against the body of a chain. Stops where the list of faults is full. */
export function addChainSchemaFaults(body: unknown, faults: FaultList): void {
  addSchemaFaults(checkBody, body, faults);
  if (!isObject(body) || !Array.isArray(body['tasks']) || body['tasks'].length > tasks.maxItems) return;
  for (const [position, task] of (body['tasks'] as unknown[]).entries()) {
    if (faults.full) return;
    addSchemaFaults(checkTask, task, faults, pointer('tasks', position), taskLabel(task, position));
  }
}

/** How a message names a task. */
export function taskLabel(task: unknown, position: number): string {
  const id = isObject(task) ? task['task_id'] : undefined;
  return typeof id === 'string' ? `Task ${quoted(id)}: ` : `Task ${position} of the list: `;
}
