import { Injectable } from '@nestjs/common';
import type { AuditedChange } from './audit.js';
import { MINE, type Queryable } from './database.js';
import { AuditEntry } from './entities/audit-entry.entity.js';
import { recordChange } from './statements/audit.js';

/** A row as its tenant may see it. */
export type AuditView = Omit<AuditEntry, 'previous_hash' | 'tenant_id'>;

/** Which rows: what is undefined narrows nothing. Times in ISO 8601. */
export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly before: number;
}

/** The audit log, as those who make changes and those who read it need it. `sealAudit` and `verifyAudit` chain and check it. */
@Injectable()
export class AuditRepository {
  /** Stores a change within the transaction that makes it, or by itself what changes nothing. A listener moves it to the log. */
  async record(db: Queryable, change: AuditedChange): Promise<void> {
    await db.query(recordChange, [JSON.stringify(change)]);
  }

  /** The tenant's rows, newest first. */
  page(db: Queryable, filter: AuditFilter, limit: number): Promise<AuditView[]> {
    const { before, from, to } = filter;
    const query = db.entities
      .createQueryBuilder(AuditEntry, 'entry')
      .where(`entry.tenant_id = ${MINE} AND entry.seq < :before`, { before })
      .orderBy('entry.seq', 'DESC')
      .limit(limit);
    for (const column of ['actor', 'action', 'target'] as const) {
      const value = filter[column];
      if (value !== undefined) query.andWhere(`entry.${column} = :${column}`, { [column]: value });
    }
    if (from !== undefined) query.andWhere('entry.at >= :from', { from });
    if (to !== undefined) query.andWhere('entry.at < :to', { to });
    return query.getMany();
  }
}
