import { readQueues } from '#libs/repositories';
import type { Queryable, ShownChain, ShownTask } from '#libs/repositories';
import { waitingOf, waitsForWorker, type Surroundings } from './waiting.js';

/** What a handler answers with where PostgreSQL has written the JSON. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** The JSON of an object with one member more. */
export function withMember(object: string, name: string, value: string): string {
  return `${object.slice(0, -1)},"${name}":${value}}`;
}

/** A `TaskDto` as JSON. */
export function taskJson(task: ShownTask, around: Surroundings): string {
  const waiting = task.waits === null ? null : waitingOf(task.waits, around);
  return withMember(task.json, 'waiting', JSON.stringify(waiting));
}

/** A `ChainDto` as JSON: each task with why it waits, unless `fields` of tasks leave that out. */
export async function chainJson(
  db: Queryable,
  chain: ShownChain,
  tasks: readonly ShownTask[],
  fields?: readonly string[],
): Promise<string> {
  const statuses = new Map(tasks.map((task) => [task.task_id, task.status]));
  return withMember(chain.json, 'tasks', await tasksJson(db, chain, tasks, (id) => statuses.get(id), fields));
}

/** A list of `TaskDto` as JSON: each with why it waits, unless `fields` leave that out. */
export async function tasksJson(
  db: Queryable,
  chain: ShownChain,
  tasks: readonly ShownTask[],
  statusOf: Surroundings['statusOf'],
  fields?: readonly string[],
): Promise<string> {
  if (fields?.includes('waiting') === false) return `[${tasks.map(({ json }) => json).join(',')}]`;
  const queues = await readQueues(db, chain.chain_id, typesOf(tasks));
  const around: Surroundings = { chain, statusOf, queues };
  return `[${tasks.map((task) => taskJson(task, around)).join(',')}]`;
}

/** The task types of which tasks wait for a worker. */
export function typesOf(tasks: readonly ShownTask[]): string[] {
  return [...new Set(tasks.flatMap(({ waits }) => (waits && waitsForWorker(waits) ? [waits.task_type] : [])))];
}
