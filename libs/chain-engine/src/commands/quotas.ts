import { engineQueries, type Quota, type Queryable } from '#libs/repositories';

/** A request beyond a tenant's quota. Nothing was stored. */
export class QuotaExceeded extends Error {
  /** When it is worth trying again, s: when a create falls out of its minute, or a guess. undefined: time alone changes nothing. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly limit: keyof Quota,
    readonly max: number,
    readonly used: number,
    /** How much the request would have added; undefined if unknown. */
    readonly requested: number | undefined,
    seconds?: number,
  ) {
    super(`${limit} is ${max}, and ${used} are used`);
    this.retryAfterSeconds = this.neverFits ? undefined : seconds;
  }

  /** Whether it is beyond the limit by itself, whatever else is used. */
  get neverFits(): boolean {
    return this.requested !== undefined && this.requested > this.max;
  }
}

/** The Retry-After for a limit on chains, whose end is unknown, s. */
const TRY_AGAIN_S = 10;

/** The usage that a new chain would add. */
export interface NewUse {
  readonly tasks: number;
  readonly starts: boolean;
}

/** Within the transaction that creates a chain: throws QuotaExceeded. Creates of the same tenant wait for each other. */
export async function checkCreate(tx: Queryable, quota: Quota, { tasks, starts }: NewUse): Promise<void> {
  await engineQueries.holdQuota(tx);
  const { max_creates_per_minute: creates, max_running_chains: running } = quota;
  const seconds = creates === null ? 0 : await engineQueries.nextCreate(tx, creates);
  if (seconds > 0) throw new QuotaExceeded('max_creates_per_minute', creates!, creates!, 1, Math.ceil(seconds));
  const { max_waiting_tasks: waiting, max_artifact_bytes: bytes } = quota;
  if (waiting === null && bytes === null && !(starts && running !== null)) return;
  const use = await engineQueries.useOfTenant(tx);
  if (waiting !== null && use.waiting_tasks + tasks > waiting) {
    throw new QuotaExceeded('max_waiting_tasks', waiting, use.waiting_tasks, tasks, TRY_AGAIN_S);
  }
  if (bytes !== null && use.artifact_bytes >= bytes) {
    throw new QuotaExceeded('max_artifact_bytes', bytes, use.artifact_bytes, undefined);
  }
  if (starts && running !== null && use.running_chains >= running) {
    throw new QuotaExceeded('max_running_chains', running, use.running_chains, 1, TRY_AGAIN_S);
  }
}

/** Within the transaction that starts a chain, or starts it again: throws QuotaExceeded. */
export async function checkStart(tx: Queryable, quota: Quota, chainId: string): Promise<void> {
  const { max_running_chains: running } = quota;
  if (running === null) return;
  await engineQueries.holdQuota(tx);
  const { others, itself } = await engineQueries.runningBeside(tx, chainId);
  if (!itself && others >= running) throw new QuotaExceeded('max_running_chains', running, others, 1, TRY_AGAIN_S);
}

/** Whether there is anything to look at. */
export function isLimited(quota: Quota): boolean {
  const { max_running_chains, max_waiting_tasks, max_creates_per_minute, max_artifact_bytes } = quota;
  return [max_running_chains, max_waiting_tasks, max_creates_per_minute, max_artifact_bytes].some(
    (max) => max !== null,
  );
}
