import type { Queryable } from '../database.js';
import { PartyNode } from '../entities/party-node.entity.js';
import type { Statement } from '../pool.js';

/** The sites of a tenant that have joined: parties' and dealers'. One that was revoked, or whose certificate has ended, takes part in nothing. */
export function joinedSites(
  db: Queryable,
): Promise<Pick<PartyNode, 'party' | 'dealer' | 'expires_at' | 'revoked_at' | 'round_trip_ms'>[]> {
  return db.entities.find(PartyNode, {
    select: { party: true, dealer: true, expires_at: true, revoked_at: true, round_trip_ms: true },
  });
}

// SQL: task_requests has no entity.
const taskAtSites: Statement = {
  name: 'task-at-sites',
  text: `SELECT params #>> '{sf_init_config,address}' = 'node' AS at_sites FROM task_requests WHERE task_request_id = $1`,
};

/** Whether the parties of a task run at their own sites. */
export async function isTaskAtSites(db: Queryable, taskRequestId: string): Promise<boolean> {
  const [row] = await db.query<{ at_sites: boolean | null }>(taskAtSites, [taskRequestId]);
  return row?.at_sites ?? false;
}
