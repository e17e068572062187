import { engineQueries, isTransient } from '#libs/repositories';
import type { ChainSave, Database } from '#libs/repositories';
import type { ChainWork } from '../apply/decide-work.js';
import { commandChain, type OperatorCommand } from '../commands/commands.js';
import { endsOfChildren } from './ends-of-children.js';

/** What applies work: the engine. */
interface Applying {
  readonly db: Database;
  applyApart(work: readonly ChainWork[]): Promise<unknown>;
  hold(chainId: string, error: unknown): Promise<void>;
}

/**
 * Brings chains and their children together: a child's end to the task that waits for it, and what became of a task or its chain to the
 * child. All of it follows from what is stored, so that whoever dies on the way is followed by the next round of any listener.
 * `parents`: only of these chains.
 */
export async function followChildren(engine: Applying, parents?: readonly string[]): Promise<void> {
  await engine.applyApart(await endsOfChildren(engine.db, parents));
  for (const childId of await engineQueries.strayChildren(engine.db, parents)) {
    try {
      await follow(engine, childId);
    } catch (error) {
      if (isTransient(error)) throw error;
      await engine.hold(childId, error);
    }
  }
}

/** Has a child do what its parent does now: both are looked at in the transaction that locks the child. */
async function follow(engine: Applying, childId: string): Promise<void> {
  await engine.db.transaction(async (tx) => {
    const found = await engineQueries.commandOfChild(tx, childId);
    if (found === undefined || found.command === null) return;
    const { command: kind, priority, parent_chain_id: parent } = found;
    const command: OperatorCommand = kind === 'SetPriority' ? { kind, priority: priority! } : { kind };
    await commandChain(tx, childId, command, { data: { by: 'parent', parent } });
    await engineQueries.markFollowed(tx, childId, kind === 'PauseChain', kind === 'SetPriority' ? priority : null);
  });
}

/** The chains whose children are to be looked at after these saves. */
export function familiesOf(saves: readonly ChainSave[]): string[] {
  const told = new Set(saves.flatMap(({ events }) => events.map(({ data }) => data?.['child'])));
  return saves.flatMap(({ loaded, before, movesChildren }) => {
    const { chainId, parentId, state } = loaded;
    const isNews = parentId !== null && state.chain.status !== before.status && !told.has(chainId);
    return [...(movesChildren === true ? [chainId] : []), ...(isNews ? [parentId] : [])];
  });
}
