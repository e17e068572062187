import { failpoint } from '#libs/platform';
import { engineQueries, type ChainSave, type MatchRow, type Queryable, type SettledSignal } from '#libs/repositories';
import type { ChainEngine } from '../chain-engine.js';
import { Capacity } from '../dispatch/capacity.js';
import { applyWork } from './apply-work.js';
import { byHalves } from './by-halves.js';
import { taskWork } from './decide-work.js';
import { valueFaults } from './value-faults.js';

const BATCH = 100;
const nothing = async (): Promise<void> => undefined;

/**
 * Gives stored signals to the tasks that wait for them. A signal is settled in the transaction that ends its task, so that it is used
 * once, whoever dies. One whose payload is not what its task asks for is rejected, and the task waits on. Returns
 * how many signals were settled.
 */
export async function deliverSignals(engine: ChainEngine): Promise<number> {
  const { db, cache } = engine;
  const matches = await engineQueries.matchSignals(db, BATCH);
  if (matches.length === 0) return 0;
  await failpoint('signals.beforeDelivery');
  const rejected = matches.flatMap((match) => rejection(match) ?? []);
  if (rejected.length > 0) {
    await engineQueries.settleSignals(db, rejected);
    engine.log.warn({ signals: rejected.map(({ signal_id: id }) => id) }, 'signals do not fit the tasks that wait');
  }
  const unfit = new Set(rejected.map(({ signal_id: id }) => id));
  const fitting = matches.filter(({ signal_id: id }) => !unfit.has(id));
  if (fitting.length === 0) return rejected.length;
  const settled = await byHalves(
    fitting,
    async (part) => {
      const delivered = await db.transaction((tx) => deliver(tx, part));
      for (const { loaded } of delivered.stored) cache.forget(loaded.chainId);
      engine.wasStored(delivered.stored);
      return delivered.settled;
    },
    ({ chain_id: chainId }, error) => engine.hold(chainId, error),
  );
  return rejected.length + settled.length;
}

function rejection({ signal_id, payload, schema }: MatchRow): SettledSignal | undefined {
  const faults = schema === null ? [] : valueFaults(schema, payload);
  if (faults.length === 0) return undefined;
  const reason = faults.map(({ pointer, message }) => `${pointer || 'the payload'} ${message}`).join('; ');
  return { signal_id, status: 'REJECTED', reason };
}

interface Delivery {
  readonly stored: readonly ChainSave[];
  readonly settled: readonly SettledSignal[];
}

async function deliver(tx: Queryable, matches: readonly MatchRow[]): Promise<Delivery> {
  const ours = new Set(
    await engineQueries.lockSignals(
      tx,
      matches.map(({ signal_id: id }) => id),
    ),
  );
  const taken = matches
    .filter(({ signal_id: id }) => ours.has(id))
    .map((match) => ({ ...match, chainId: match.chain_id, taskRequestId: match.task_request_id }));
  if (taken.length === 0) return { stored: [], settled: [] };
  const work = taskWork(taken, ({ attempt, payload, signal_id, created_by }, position) => ({
    event: { kind: 'TaskSucceeded', position, attempt, runId: null },
    report: { result: payload },
    data: { signal_id, by: created_by },
  }));
  // What becomes ready is left to the dispatchers: nothing is sent before the transaction commits.
  const stored = (await applyWork(tx, work, new Capacity(), nothing)).flatMap((round) => round.stored);
  const settled = taken.flatMap(({ signal_id, chain_id, task_id }): SettledSignal[] =>
    wasGiven(stored, signal_id) ? [{ signal_id, status: 'DELIVERED', chain_id, task_id }] : [],
  );
  await engineQueries.settleSignals(tx, settled);
  return { stored, settled };
}

const wasGiven = (saves: readonly ChainSave[], signalId: string): boolean =>
  saves.some(({ events }) =>
    events.some(({ disposition, data }) => disposition === 'ACCEPTED' && data?.['signal_id'] === signalId),
  );
