import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AuditRepository, Databases, PLATFORM } from '#libs/repositories';
import type { Refusal } from './roles.js';

/** A source and a reason have at most one row in this time, ms, which counts the refusals since the row before. */
const ROW_EVERY_MS = 60_000;
const SWEEP_MS = 10_000;
/** Sources with rows by themselves; those beyond share a row for each reason. */
const MOST_SOURCES = 1_000;
const MANY = 'many';

interface Source {
  readonly refusal: Refusal;
  readonly address: string;
  requestId: string;
  /** Since the last row. */
  count: number;
  recordedAt: number;
}

/** Records in the audit log who was refused. Nobody waits for it, and a flood of refusals makes no flood of rows. */
@Injectable()
export class RefusedSignIns implements OnModuleDestroy {
  private readonly sources = new Map<string, Source>();
  private readonly pending = new Set<Promise<void>>();
  private readonly timer = setInterval(() => this.sweep(performance.now()), SWEEP_MS).unref();

  constructor(
    private readonly databases: Databases,
    private readonly audit: AuditRepository,
  ) {}

  note(refusal: Refusal, { ip, id }: { readonly ip: string; readonly id: string }, now = performance.now()): void {
    const source = this.sourceOf(refusal, ip);
    source.requestId = id;
    source.count++;
    if (now - source.recordedAt >= ROW_EVERY_MS) this.record(source, now);
  }

  /** Records what was only counted a while ago, and forgets sources that stopped. */
  sweep(now: number): void {
    for (const [key, source] of this.sources) {
      if (now - source.recordedAt < ROW_EVERY_MS) continue;
      if (source.count > 0) this.record(source, now);
      else this.sources.delete(key);
    }
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    for (const source of this.sources.values()) if (source.count > 0) this.record(source, performance.now());
    await Promise.all(this.pending);
  }

  private sourceOf(refusal: Refusal, address: string): Source {
    const key = JSON.stringify([address, refusal.refused, refusal.actor, refusal.tenant, refusal.named]);
    const known = this.sources.get(key);
    if (known !== undefined) return known;
    if (this.sources.size >= MOST_SOURCES && address !== MANY) {
      return this.sourceOf({ refused: refusal.refused, actor: null, tenant: null }, MANY);
    }
    const source = { refusal, address, requestId: '-', count: 0, recordedAt: -Infinity };
    this.sources.set(key, source);
    return source;
  }

  private record(source: Source, now: number): void {
    const { refusal, address, requestId, count } = source;
    source.count = 0;
    source.recordedAt = now;
    const { engine } = this.databases.forTenant(refusal.tenant ?? PLATFORM);
    const { actor, refused: reason, named } = refusal;
    const entry = { actor, address, request_id: requestId, action: 'refuseSignIn', target: actor ?? '-' };
    const pending = this.audit
      .record(engine, { ...entry, details: { reason, count, ...(named !== undefined && { named }) } })
      // Where the database is away, they count in the next row.
      .catch(() => void (source.count += count))
      .finally(() => this.pending.delete(pending));
    this.pending.add(pending);
  }
}
