import { createHash } from 'node:crypto';
import { canonicalTask, partiesOf, purposeOf, type ConsentJson } from '#libs/consent';
import type { StoredConsent } from '#libs/repositories';
import { makersOf, type Handed } from '../children/handed.js';

/** The part of a new chain that its parties' owners decide on. Positions are places in `tasks`. */
interface ConsentingChain {
  readonly proposer: string | null;
  /** The whole that it is part of; absent where it is part of none. */
  readonly origin: string | undefined;
  readonly metadata: unknown;
  readonly byAdmin: boolean;
  readonly tasks: readonly {
    readonly taskId: string;
    readonly taskType: string;
    readonly params: unknown;
    readonly level: number;
    readonly predecessors: readonly number[];
    readonly referenced: readonly number[];
    readonly handed?: Handed | undefined;
  }[];
}

/**
 * What the owners of the parties' data decide on, for each task: a hash over the task as it was written and over the tasks that
 * its inputs come from. Empty for a chain without parties.
 */
export function consentOf(
  chainId: string,
  { tasks, proposer, origin, metadata, byAdmin }: ConsentingChain,
): readonly StoredConsent[] {
  if (!tasks.some(({ params }) => partiesOf(params).length > 0)) return [];
  const purpose = purposeOf(metadata);
  const known = new Map<number, StoredConsent>();
  const consent = (position: number): StoredConsent => {
    const task = tasks[position]!;
    const sources = [...new Set([...task.predecessors, ...task.referenced])];
    const from = {
      ...Object.fromEntries(sources.map((source) => [tasks[source]!.taskId, known.get(source)!.hash])),
      ...makersOf(task.handed ?? new Map()),
    };
    const { taskId: task_id, taskType: task_type } = task;
    const params = task.params as ConsentJson;
    const text = canonicalTask({ chain_id: chainId, task_id, task_type, proposer, purpose, origin, params, from });
    const hash = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    return { hash, proposer, purpose, origin, by_admin: byAdmin, from };
  };
  // A task comes after those that it depends on by its level, not by its place in the list.
  const order = tasks.map((_, position) => position).sort((a, b) => tasks[a]!.level - tasks[b]!.level);
  for (const position of order) known.set(position, consent(position));
  return tasks.map((_, position) => known.get(position)!);
}
