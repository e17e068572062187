import { Inject, Injectable } from '@nestjs/common';
import type { JsonValue } from '#libs/chain-domain';
import { commandChain, TickLost } from '#libs/chain-engine';
import { failpoint, LOGGER, type Logger } from '#libs/platform';
import {
  Databases,
  ScheduleRepository,
  type Database,
  type TickClaim,
  type TickEnd,
  type TickWork,
} from '#libs/repositories';
import { ChainCreator } from '../chains/creating/chain-creator.js';
import type { Problem } from '../http/problem.js';
import { problemFromError } from '../http/problem-from-error.js';
import { ApiMetrics } from '../metrics/api-metrics.js';
import { TemplateReader } from '../templates/template-reader.js';
import { bodyOf } from './schedule-body.js';
import { ScheduleOwners } from './schedule-owners.js';

/** What the system or the quota refuses is tried again for so long, s. */
const TRY_S = 300;
const TRY_AGAIN_S = 10;
/** How often a tick looks whether the chain before it has ended, s. */
const LOOK_S = 5;

interface Postponed extends Partial<Pick<TickEnd, 'reason' | 'message'>> {
  readonly seconds: number;
}

/** The tick is settled with its chain. */
const MADE = { outcome: 'CREATED' } as const;

/**
 * Makes the chain of a tick, or says why there is none. Whoever dies on the way loses nothing: another takes the tick when the claim
 * runs out, and a chain is stored together with what its tick says of it.
 */
@Injectable()
export class TickMaker {
  constructor(
    private readonly databases: Databases,
    private readonly schedules: ScheduleRepository,
    private readonly owners: ScheduleOwners,
    private readonly templates: TemplateReader,
    private readonly creator: ChainCreator,
    private readonly metrics: ApiMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async make(claim: TickClaim, holder: string): Promise<void> {
    const { engine } = this.databases.forTenant(claim.tenant_id);
    const work = await this.schedules.tick(engine, claim);
    if (work === undefined) return;
    const end = await this.endOf(engine, claim, holder, work);
    if ('seconds' in end) return this.schedules.postpone(engine, claim, holder, end.seconds, end);
    await failpoint('ticks.beforeSettle');
    if (end.outcome !== 'CREATED') await this.schedules.settle(engine, claim, holder, end);
    this.metrics.scheduleTicks.inc({ outcome: end.outcome, kind: work.kind });
  }

  private async endOf(
    engine: Database,
    claim: TickClaim,
    holder: string,
    work: TickWork,
  ): Promise<typeof MADE | TickEnd | Postponed> {
    // It was settled after it was claimed.
    if (work.outcome !== 'WAITING') return { seconds: 0 };
    try {
      return await this.create(engine, claim, holder, work);
    } catch (error) {
      if (error instanceof TickLost) return { seconds: 0 };
      // The answer of the commit may have been lost.
      if ((await this.schedules.tick(engine, claim))?.outcome === 'CREATED') return MADE;
      return this.afterFault(problemFromError(error), work, error);
    }
  }

  private async create(
    engine: Database,
    claim: TickClaim,
    holder: string,
    work: TickWork,
  ): Promise<typeof MADE | TickEnd | Postponed> {
    const { schedule_id: id, due_at: dueAt, tenant_id: tenant } = claim;
    const rights = await this.owners.rightsOf(tenant, work.runs_as);
    if ('reason' in rights) return { outcome: 'REFUSED', ...rights };
    const overlap = work.kind === 'BACKFILL' && work.overlap !== 'allow' ? 'queue' : work.overlap;
    const caller = { actor: work.runs_as, address: '-', request_id: id };
    const { body, template } = await bodyOf(engine, this.templates, work, dueAt, await this.eventOf(engine, work));
    const [open] = work.open_chains;
    if (open !== undefined && overlap !== 'allow') {
      const why = { reason: 'OVERLAP', message: `${open} has not ended.` };
      if (overlap === 'skip') return { outcome: 'SKIPPED', ...why };
      if (overlap === 'queue') return { seconds: LOOK_S, ...why };
      // An earlier chain is not given up for one that is refused.
      await this.creator.requireFaultless(engine, body, { caller, ...rights });
      for (const chainId of work.open_chains) {
        const details = { note: `${id} is due again` };
        const audit = { ...caller, action: 'cancelChain', target: chainId, details };
        await commandChain(engine, chainId, { kind: 'CancelChain' }, { data: { by: work.runs_as, ...details }, audit });
      }
    }
    const made = { key: undefined, template, schedule: { id, dueAt, holder } };
    await this.creator.createAs(engine, body, { caller, ...rights }, made);
    return MADE;
  }

  /** What the event says; with the outputs of the chain that ended, where they are wanted. */
  private async eventOf(engine: Database, { event, params }: TickWork): Promise<JsonValue> {
    const chainId = event?.['chain_id'];
    if (typeof chainId !== 'string' || !JSON.stringify(params).includes('${event.outputs')) return event as JsonValue;
    return { ...event, outputs: await this.schedules.outputsOf(engine, chainId) } as JsonValue;
  }

  private afterFault(problem: Problem, { tried_seconds: tried }: TickWork, error: unknown): TickEnd | Postponed {
    const { code, status, detail, errors, headers } = problem;
    const message = [detail, ...errors.slice(0, 5).map((fault) => `${fault.pointer}: ${fault.message}`)].join(' ');
    if (code === 'INTERNAL') this.logger.error({ err: error }, 'a tick of a schedule failed');
    const after = Number(headers['Retry-After'] ?? (status >= 500 ? TRY_AGAIN_S : Number.NaN));
    if (Number.isNaN(after) || tried > TRY_S) return { outcome: 'REFUSED', reason: code, message };
    return { seconds: Math.min(after, TRY_AGAIN_S), reason: code, message };
  }
}
