import { engineQueries, type Queryable } from '#libs/repositories';
import type { EngineMetrics, HELD_KINDS } from '../metrics.js';

interface Holding {
  readonly db: Queryable;
  readonly log: { error(data: object, message: string): void };
  readonly metrics: Pick<EngineMetrics, 'held'>;
}

/** Records, logs and counts a chain that an operator must look at: once for each kind. `found`: what was to be done with it. */
export async function holdOnce(
  engine: Holding,
  chainId: string,
  kind: (typeof HELD_KINDS)[number],
  data: { readonly found: string; readonly [detail: string]: unknown },
): Promise<void> {
  if (await engineQueries.recordRepairOnce(engine.db, `held-${kind}`, chainId, data))
    tellHeld(engine, chainId, kind, data);
}

/** Logs and counts it. */
export function tellHeld(
  { log, metrics }: Pick<Holding, 'log' | 'metrics'>,
  chainId: string,
  kind: (typeof HELD_KINDS)[number],
  data: object,
): void {
  metrics.held.inc({ kind });
  log.error(
    { kind, chain_id: chainId, ...data },
    'a broken chain cannot be repaired: look at its rows, then resume or cancel it',
  );
}
