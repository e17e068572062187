import { createChain, type Caller, type CreatedChain, type DueTime, type TemplateUse } from '#libs/chain-engine';
import { isAtSites, type TenantEngines } from '#libs/compute';
import type { Database, Quota } from '#libs/repositories';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { idempotentRequest } from '../../http/idempotency-key.js';
import { Problem } from '../../http/problem.js';
import type { ValidationDto } from '../validation.dto.js';
import type { ChainInput, ChainReading } from './chain-reading.js';
import { newChainOf } from './new-chain.js';
import { familyOf, readChainOf, type Author } from './read-chain-of.js';

/** What belongs to a creation beside the body. */
export interface CreateRequest {
  readonly caller: Caller;
  /** The party of the caller. */
  readonly party: string | null;
  readonly isAdmin: boolean;
  /** The Idempotency-Key. */
  readonly key: string | undefined;
  readonly quota: Quota | undefined;
  /** What the tenant says of engines. */
  readonly engines: TenantEngines | undefined;
  /** What the key stands for; absent: the body. */
  readonly content?: unknown;
  readonly template?: TemplateUse | undefined;
  readonly schedule?: DueTime | undefined;
}

/** The chain that was created, or by an earlier request with the same Idempotency-Key. */
export interface Creation {
  readonly chain: CreatedChain;
  readonly replayed: boolean;
}

/** Reads a body and stores the chain. Throws a Problem with all faults. */
export async function createFrom(
  engine: Database,
  body: unknown,
  catalogue: Catalogue,
  { caller, party, isAdmin, key, quota, engines, content = body, template, schedule }: CreateRequest,
): Promise<Creation> {
  const by = { actor: caller.actor, party, isAdmin };
  const chain = newChainOf(await readFaultless(by, engine, body, catalogue, engines), { ...by, template, schedule });
  const outcome = await createChain(engine, chain, idempotentRequest(key, content), caller, quota);
  if (outcome.kind === 'key-reused') {
    throw new Problem('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another chain: use a new key.');
  }
  return { chain: outcome.chain, replayed: outcome.kind === 'replayed' };
}

/** Reads a body. Throws a Problem with all faults. */
export async function readFaultless(
  by: Author,
  db: Database,
  body: unknown,
  catalogue: Catalogue,
  engines: TenantEngines | undefined,
): Promise<ChainInput> {
  return faultless((await readChainOf(by, db, body, catalogue, engines)).reading);
}

/** What creating a chain of this body would find. */
export async function validationOf(
  user: Author,
  db: Database,
  body: unknown,
  catalogue: Catalogue,
  engines: TenantEngines | undefined,
): Promise<ValidationDto> {
  const { reading, approvals, warnings } = await readChainOf(user, db, body, catalogue, engines);
  if (!reading.ok) {
    const nothing = {
      chain_type: null,
      total_tasks: null,
      levels: null,
      critical_path: null,
      approvals: [],
      at_sites: [],
      warnings: [],
    };
    return { valid: false, errors: [...reading.faults], ...nothing };
  }
  const { tasks, plan } = reading.chain;
  return {
    valid: true,
    errors: [],
    chain_type: plan.chainType,
    total_tasks: tasks.length,
    levels: plan.levels,
    critical_path: plan.criticalPath().positions.map((position) => tasks[position]!.taskId),
    approvals: approvals.map(({ reasons, ...each }) => ({ ...each, reasons: [...reasons] })),
    warnings: [...warnings],
    at_sites: familyOf(reading.chain).flatMap(({ input, label }) =>
      input.tasks.filter(({ params }) => isAtSites(params)).map(({ taskId }) => label + taskId),
    ),
  };
}

function faultless(reading: ChainReading): ChainInput {
  if (reading.ok) return reading.chain;
  const { faults } = reading;
  const unsupported = faults.every((fault) => fault.code === 'NOT_SUPPORTED_YET');
  const detail = faults.length === 1 ? faults[0]!.message : `The chain has ${faults.length} faults: see errors.`;
  throw new Problem(unsupported ? 'NOT_SUPPORTED_YET' : 'INVALID_CHAIN', detail, { errors: faults });
}
