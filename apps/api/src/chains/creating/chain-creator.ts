import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CreatedChain, DueTime, TemplateUse } from '#libs/chain-engine';
import type { Database } from '#libs/repositories';
import { callerOf, partyOf } from '../../auth/caller.js';
import { TenantDirectory } from '../../auth/tenant-directory.js';
import { Catalogue } from '../../catalogue/catalogue.js';
import { LargeBody } from '../../http/large-body.js';
import { ApiMetrics } from '../../metrics/api-metrics.js';
import { Backlog } from './backlog.js';
import { createFrom, readFaultless, type CreateRequest, type Creation } from './create-from.js';
import { LargeChains } from './large-chains.js';

/** What a chain is made of, beside its body. */
export interface Making {
  /** The Idempotency-Key. */
  readonly key: string | undefined;
  /** What the key stands for, where that is not the body. */
  readonly content?: unknown;
  readonly template?: TemplateUse | undefined;
  readonly schedule?: DueTime;
}

/** Creates chains, of whatever they are made: the one way to do so. */
@Injectable()
export class ChainCreator {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly metrics: ApiMetrics,
    private readonly directory: TenantDirectory,
    private readonly large: LargeChains,
    private readonly backlog: Backlog,
  ) {}

  /** As `createAs`, for the caller of a request. */
  async create(engine: Database, body: unknown, reply: FastifyReply, making: Making): Promise<CreatedChain> {
    const by = { caller: callerOf(reply), ...partyOf(reply) };
    const { chain, replayed } = await this.createAs(engine, body, by, making);
    if (replayed) reply.header('Idempotency-Replayed', 'true');
    reply.header('Location', `/api/v1/chains/${chain.chain_id}`);
    return chain;
  }

  /** As `createFrom`, within the tenant's quota. Throws also OVERLOADED. */
  async createAs(
    engine: Database,
    body: unknown,
    by: Pick<CreateRequest, 'caller' | 'party' | 'isAdmin'>,
    making: Making,
  ): Promise<Creation> {
    const tenant = engine.tenant!;
    const of = { quota: await this.directory.quotaOf(tenant), engines: await this.directory.enginesOf(tenant) };
    const request: CreateRequest = { ...by, ...of, ...making };
    const creation = await this.backlog.admit(() =>
      body instanceof LargeBody
        ? this.large.create(body, tenant, request)
        : createFrom(engine, body, this.catalogue, request),
    );
    if (!creation.replayed) this.metrics.chainsCreated.inc();
    return creation;
  }

  /** Throws a Problem with all faults that `createAs` would find in a body. */
  async requireFaultless(
    db: Database,
    body: unknown,
    { caller: { actor }, party, isAdmin }: Pick<CreateRequest, 'caller' | 'party' | 'isAdmin'>,
  ): Promise<void> {
    const engines = await this.directory.enginesOf(db.tenant!);
    await readFaultless({ actor, party, isAdmin }, db, body, this.catalogue, engines);
  }
}
