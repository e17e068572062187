import { decide, type Fault } from '#libs/chain-domain';
import { engineQueries, isTransient } from '#libs/repositories';
import type { BrokenChain } from '#libs/repositories';
import type { ChainWork } from '../apply/decide-work.js';
import type { ChainEngine } from '../chain-engine.js';
import type { HELD_KINDS } from '../metrics.js';
import { holdOnce, tellHeld } from './hold.js';

/** Chains that one statement looks at, and statements in one round: the next round looks at the rest. */
const PAGE = 500;
const PAGES = 40;
const LIVE_TASKS = 1_000;

const REPAIR = { kind: 'RepairChain' } as const;

/**
 * Looks for stored states that break an invariant and repairs them by `RepairChain`, which is decided and stored like
 * any other event. Each repair is recorded and counted; normal operation has none, and each one shows a bug. A chain
 * that no decision can repair is paused, recorded, logged once and counted: an operator must look at it.
 */
export class InvariantReconciler {
  /** By chain: its version when it was found broken and `RepairChain` changed nothing. */
  private readonly unexplained = new Map<string, number>();

  constructor(private readonly engine: ChainEngine) {}

  /** Looks at every open chain, and at ended ones with unfinished tasks. Returns how many were repaired. */
  async reconcile(): Promise<number> {
    const { db } = this.engine;
    let repairs = await this.repairAll(await engineQueries.endedBroken(db, LIVE_TASKS));
    let after = 0;
    for (let page = 0; page < PAGES; page++) {
      const { lastId, broken } = await engineQueries.openBroken(db, after, PAGE);
      repairs += await this.repairAll(broken);
      if (lastId === null) break;
      after = lastId;
    }
    return repairs;
  }

  /** One chain after another: a chain whose repair cannot be stored stops no other. */
  private async repairAll(broken: readonly BrokenChain[]): Promise<number> {
    let repairs = 0;
    for (const chain of broken) {
      try {
        if (await this.repair(chain)) repairs++;
      } catch (error) {
        if (isTransient(error)) throw error;
        await this.hold(chain, 'not-stored', { error: String(error) }, false);
      }
    }
    return repairs;
  }

  private async repair(broken: BrokenChain): Promise<boolean> {
    const { capacity, db, log, metrics } = this.engine;
    const { chain_id, kind } = broken;
    let faults: readonly Fault[] = [];
    let changed: readonly number[] | null = null;
    const work: ChainWork = {
      chainId: chain_id,
      requestIds: undefined,
      once: true,
      incoming: ({ state, nowMs }) => {
        const decision = decide(state, REPAIR, nowMs);
        if ('refused' in decision) return [];
        faults = decision.effects.flatMap((effect) => (effect.kind === 'HoldForOperator' ? effect.faults : []));
        if (decision.chain === state.chain && decision.changed.size === 0) return [];
        changed = [...decision.changed.keys()];
        return [{ event: REPAIR, data: { kind, tasks: changed, faults } }];
      },
    };
    const [save] = await this.engine.applyAndSend([work]);
    if (save === undefined) return false; // Another process changed the chain: the next round looks again.
    if (faults.length > 0) {
      await this.hold(broken, faults[0]!.kind, { faults }, changed !== null);
      return false;
    }
    if (changed === null) {
      const { version } = save.loaded;
      if (this.unexplained.get(chain_id) === version) await this.hold(broken, 'unexplained', {}, false);
      this.unexplained.set(chain_id, version);
      return false;
    }
    metrics.repairs.inc({ kind });
    log.error({ kind, chain_id, was: save.before, is: save.loaded.state.chain }, 'repaired an invariant');
    await engineQueries.recordRepair(db, kind, chain_id, null, { tasks: save.changed.size });
    capacity.expectAll();
    return true;
  }

  /** Records, logs and counts a chain that could not be repaired: `always`, or once for each kind. */
  private async hold(
    broken: BrokenChain,
    kind: (typeof HELD_KINDS)[number],
    details: object,
    always: boolean,
  ): Promise<void> {
    const data = { found: broken.kind, ...details };
    if (!always) return holdOnce(this.engine, broken.chain_id, kind, data);
    await engineQueries.recordRepair(this.engine.db, `held-${kind}`, broken.chain_id, null, data);
    tellHeld(this.engine, broken.chain_id, kind, data);
  }
}
