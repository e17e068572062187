/** What must hold of chains and those that undo them (I13), from their rows alone. */
import { isDeepStrictEqual } from 'node:util';
import { Violation, type Snapshot } from './standing.js';

/** A chain that can be undone, or one that undoes another. */
export interface Undoing {
  readonly chain_id: string;
  readonly compensates: string | null;
  /** Places of the tasks that can be undone; null: none. */
  readonly undoable: readonly number[] | null;
}

/** A chain that ended as failed or cancelled has one chain that undoes what succeeded, the last first. No other has one. */
export function undone(chains: ReadonlyMap<string, Snapshot>, undoing: readonly Undoing[]): void {
  for (const { chain_id: id, undoable } of undoing) {
    const { chain, tasks } = chains.get(id)!;
    const isUndone = chain.status === 'FAILURE' || chain.status === 'CANCELLED';
    const succeeded = tasks.filter(({ position, status }) => status === 'SUCCESS' && undoable?.includes(position));
    const wanted = isUndone ? succeeded.map(({ taskId }) => `undo.${taskId}`).reverse() : [];
    const made = undoing
      .filter(({ compensates }) => compensates === id)
      .map((each) => chains.get(each.chain_id)!.tasks.map(({ taskId }) => taskId));
    if (isDeepStrictEqual(made, wanted.length === 0 ? [] : [wanted])) continue;
    throw new Violation('I13', `${id} is ${chain.status} and undone by ${JSON.stringify(made)}, not by ${wanted}`);
  }
}
