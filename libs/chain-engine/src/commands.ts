import type { ChainCommand, ChainStatus } from '#libs/chain-domain';
import { engineQueries, insertWholeChain } from '#libs/repositories';
import type { Database } from '#libs/repositories';
import { Refused } from './decide-chain.js';
import { newChainRows, type NewChain } from './new-chain.js';
import { Room } from './room.js';
import { applyWork } from './store.js';

/** What creating a chain answers, and what a replayed request is answered again. */
export interface CreatedChain {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly chain_type: string;
  readonly total_tasks: number;
  readonly status: ChainStatus;
  readonly created_at: string;
}

/** A request that carries a key: the same key and body are answered with the same chain. */
export interface IdempotentRequest {
  readonly key: string;
  readonly hash: Buffer;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly chain: CreatedChain }
  | { readonly kind: 'replayed'; readonly chain: CreatedChain }
  /** The key was used with another body. */
  | { readonly kind: 'key-reused' };

const SCOPE = 'createChain';

/**
 * Stores a new chain, its tasks and edges, and the idempotency key with its answer, in one transaction (I8). The
 * queue has no part in it: the listeners send what is ready.
 */
export async function createChain(db: Database, chain: NewChain, request?: IdempotentRequest): Promise<CreateOutcome> {
  const { row, tasks, edges } = newChainRows(chain, Date.now());
  const answer = await db.transaction(async (tx): Promise<CreatedChain | null> => {
    const created = {
      chain_id: row.chain_id,
      chain_name: row.chain_name,
      chain_type: row.chain_type,
      total_tasks: row.total_tasks,
      status: row.status as ChainStatus,
    };
    if (request !== undefined) {
      const taken = await engineQueries.takeIdempotencyKey(tx, SCOPE, request.key, request.hash, created);
      if (!taken) return null;
    }
    const { createdAt } = await insertWholeChain(tx, row, tasks, edges);
    if (chain.execute) await engineQueries.wake(tx);
    return { ...created, created_at: createdAt.toISOString() };
  });
  if (answer !== null) return { kind: 'created', chain: answer };
  const earlier = await engineQueries.findIdempotencyKey(db, SCOPE, request!.key);
  if (earlier === undefined) throw new Error('an idempotency key vanished between two statements');
  if (!earlier.request_hash.equals(request!.hash)) return { kind: 'key-reused' };
  const replayed = earlier.response as CreatedChain;
  return { kind: 'replayed', chain: { ...replayed, created_at: new Date(replayed.created_at).toISOString() } };
}

export type CommandOutcome =
  | { readonly kind: 'done'; readonly status: ChainStatus }
  | { readonly kind: 'refused'; readonly status: ChainStatus }
  | { readonly kind: 'not-found' };

/** Carries out an operator's command on a chain, as a compare-and-set: refused with the status that stands against it. */
export async function commandChain(db: Database, chainId: string, command: ChainCommand): Promise<CommandOutcome> {
  try {
    // The API has no queue and so no room: what becomes ready is left to the listeners' dispatchers.
    const rounds = await applyWork(
      db,
      [{ chainId, requestIds: undefined, incoming: () => [{ event: command }] }],
      new Room(),
      async () => undefined,
    );
    const save = rounds.flatMap((round) => round.stored)[0];
    if (save === undefined) return { kind: 'not-found' };
    await engineQueries.wake(db);
    return { kind: 'done', status: save.loaded.state.chain.status };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', status: error.refusal.status };
    throw error;
  }
}
