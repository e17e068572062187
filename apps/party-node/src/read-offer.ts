import type { NodeFile } from './node-folder.js';
import { Refusal } from './refusal.js';
import { makersOf, offeredTask } from './task-file.js';

/** What this site makes of a task that it is offered, or why it takes no part. */
export function readOffer(
  task: unknown,
  { name, dealer }: Pick<NodeFile, 'name' | 'dealer'>,
): { readonly hash: string; readonly title: string; readonly makers: readonly string[] } | { readonly reason: string } {
  try {
    const { hash, type, parties, dealer: named, reads } = offeredTask(task);
    if (!(dealer ? named === name : parties.includes(name))) return { reason: `${name} has no part in the task.` };
    return { hash, title: `${type.title} of ${parties.join(', ')}`, makers: makersOf({ reads }) };
  } catch (error) {
    if (error instanceof Refusal) return { reason: error.message.slice(0, 500) };
    throw error;
  }
}
