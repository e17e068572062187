import { UNDONE } from './load.js';
import type { System } from './system.js';

/** What a fault left behind. Every list is empty where nothing was lost. */
export interface Findings {
  readonly lost: string[];
  readonly stuck: string[];
  /** Chains that were acknowledged under two keys, and attempts with two accepted ends. */
  readonly doubled: number;
  readonly violations: string[];
}

export interface CheckOptions {
  /** How long the queue may take to release jobs whose worker died, ms. */
  readonly emptyWithinMs?: number;
  /** Whether processes may have ended by themselves. */
  readonly crashesAllowed?: boolean;
  /** Chains may have ended otherwise than SUCCESS. */
  readonly anyEnd?: boolean;
}

/**
 * How long jobs of a dead worker may be shown as active. BullMQ looks each 30 s: one look marks them, the next ends them, and a look that
 * comes just before the one before it has expired is left out. As long again for a crowded machine.
 */
export const LOCKS_END_MS = 180_000;

const TWO_ENDS = `SELECT chain_id || '/' || task_id || '.' || attempt AS what FROM chain_events
     WHERE kind IN ('TaskSucceeded','TaskFailed','TaskLost') AND disposition = 'ACCEPTED'
     GROUP BY chain_id, task_id, attempt HAVING count(*) > 1`;

/** SQL that finds what must not be: each row names an offender. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  'a SUCCESS task without exactly one accepted success of its own attempt (I3)': `
    SELECT t.chain_id || '/' || t.task_id AS what FROM chain_tasks t
     WHERE t.status = 'SUCCESS' AND 1 <> (SELECT count(*) FROM chain_events e
            WHERE e.chain_id = t.chain_id AND e.task_id = t.task_id AND e.kind = 'TaskSucceeded'
              AND e.disposition = 'ACCEPTED' AND e.attempt = t.attempt)`,
  'an accepted success of a task that is not SUCCESS': `
    SELECT DISTINCT e.chain_id || '/' || e.task_id AS what FROM chain_events e JOIN chain_tasks t USING (chain_id, task_id)
     WHERE e.kind = 'TaskSucceeded' AND e.disposition = 'ACCEPTED' AND t.status <> 'SUCCESS'`,
  'two accepted ends of one attempt (I3)': TWO_ENDS,
  'a result that is not of the accepted attempt': `
    SELECT chain_id || '/' || task_id AS what FROM chain_tasks
     WHERE status = 'SUCCESS' AND task_type = 'diagnostic' AND result ? 'attempt'
       AND result->>'attempt' <> attempt::text`,
  'a child that started before a parent succeeded (I2)': `
    SELECT d.chain_id || '/' || d.to_task_id AS what FROM chain_dependencies d
      JOIN LATERAL (SELECT min(id) AS first FROM chain_events e WHERE e.chain_id = d.chain_id
             AND e.task_id = d.to_task_id AND e.kind IN ('TaskStarted','TaskSucceeded') AND e.disposition = 'ACCEPTED') child ON true
      JOIN LATERAL (SELECT min(id) AS ended FROM chain_events e WHERE e.chain_id = d.chain_id
             AND e.task_id = d.from_task_id AND e.kind = 'TaskSucceeded' AND e.disposition = 'ACCEPTED') parent ON true
     WHERE child.first IS NOT NULL AND (parent.ended IS NULL OR parent.ended > child.first)`,
  'a chain whose counters are not a recount (I4)': `
    SELECT c.chain_id AS what FROM task_chains c JOIN LATERAL (
      SELECT count(*) FILTER (WHERE status = 'SUCCESS') AS completed, count(*) FILTER (WHERE status = 'FAILURE') AS failed,
             count(*) FILTER (WHERE status = 'SKIPPED') AS skipped, count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
             count(*) FILTER (WHERE status = 'FAILURE' AND tolerable) AS tolerated,
             count(*) FILTER (WHERE status IN ('QUEUED','RUNNING') OR (status = 'READY' AND hold IS NULL)) AS admitted
        FROM chain_tasks t WHERE t.chain_id = c.chain_id) r ON true
     WHERE (c.completed_tasks, c.failed_tasks, c.skipped_tasks, c.cancelled_tasks, c.tolerated_tasks, c.admitted_tasks)
        <> (r.completed, r.failed, r.skipped, r.cancelled, r.tolerated, r.admitted)`,
  'a task that lives on in a chain that has ended': `
    SELECT t.chain_id || '/' || t.task_id AS what FROM chain_tasks t JOIN task_chains c USING (chain_id)
     WHERE c.status IN ('SUCCESS','FAILURE','CANCELLED')
       AND t.status NOT IN ('SUCCESS','FAILURE','SKIPPED','CANCELLED')`,
  'a chain of a chain, of a schedule or of what is undone that has not ended': `
    SELECT chain_id || ' ' || status AS what FROM task_chains
     WHERE status NOT IN ('SUCCESS','FAILURE','CANCELLED') AND coalesce(parent_chain_id, schedule_id, compensates) IS NOT NULL`,
  'a due time without its chain, or with another': `
    SELECT t.schedule_id || ' at ' || t.due_at || ' ' || t.outcome || coalesce(' ' || t.reason, '') AS what
      FROM schedule_ticks t LEFT JOIN task_chains c ON c.schedule_id = t.schedule_id AND c.scheduled_at = t.due_at
     WHERE t.outcome <> 'CREATED' OR t.chain_id IS DISTINCT FROM c.chain_id`,
  'a schedule without a due time, or with two': `
    SELECT schedule_id AS what FROM schedules WHERE at IS NOT NULL
       AND 1 <> (SELECT count(*) FROM schedule_ticks t WHERE t.schedule_id = schedules.schedule_id)`,
  'an attempt of a task that ran two chains (I14)': `
    SELECT parent_chain_id || '/' || parent_task_id || '.' || parent_attempt AS what FROM task_chains
     WHERE parent_chain_id IS NOT NULL GROUP BY parent_chain_id, parent_task_id, parent_attempt HAVING count(*) > 1`,
  'a turn that is missing or came twice (I15)': `
    SELECT parent_chain_id || '/' || parent_task_id || ' ' || array_agg(parent_turn ORDER BY parent_turn)::text AS what FROM task_chains
     WHERE parent_chain_id IS NOT NULL AND status = 'SUCCESS' GROUP BY parent_chain_id, parent_task_id
    HAVING (max(parent_turn), count(DISTINCT parent_turn)) <> (count(*), count(*))`,
  'a chain that was not undone once, in the order from its end (I13)': `
    SELECT c.chain_id AS what FROM task_chains c
     WHERE c.compensation IS NOT NULL AND c.status IN ('FAILURE','CANCELLED')
       AND ARRAY(SELECT (SELECT string_agg(t.task_id, ' ' ORDER BY t.execution_order) FROM chain_tasks t WHERE t.chain_id = u.chain_id)
                   FROM task_chains u WHERE u.compensates = c.chain_id AND u.chain_id = c.compensated_by)
        <> ARRAY(SELECT string_agg('undo.' || t.task_id, ' ' ORDER BY t.execution_order DESC) FROM chain_tasks t
                  WHERE t.chain_id = c.chain_id AND t.status = 'SUCCESS' HAVING count(*) > 0)`,
  'a repair of an invariant': `SELECT kind || ' ' || chain_id AS what FROM repairs WHERE kind LIKE 'invariant%'`,
};

/** Checks that every acknowledged chain is there and ended as it should, and that nothing is left anywhere. */
export async function check(
  system: System,
  acknowledged: readonly string[],
  options: CheckOptions = {},
): Promise<Findings> {
  const there = await system.rows<{ chain_id: string; status: string; chain_name: string }>(
    `SELECT chain_id, status, chain_name FROM task_chains WHERE chain_id = ANY ($1)`,
    [acknowledged],
  );
  const statuses = new Map(there.map((row) => [row.chain_id, row.status]));
  const ended = ['SUCCESS', 'FAILURE', 'CANCELLED'];
  const lost = acknowledged.filter((id) => !statuses.has(id));
  const stuck = there.filter(({ status }) => !ended.includes(status)).map((row) => row.chain_id);
  const violations: string[] = [];
  for (const id of stuck.slice(0, 3)) violations.push(`stuck: ${await describeChain(system, id)}`);
  const twice = acknowledged.length - new Set(acknowledged).size;
  if (twice > 0) violations.push(`${twice} chains were acknowledged under two keys`);
  if (options.anyEnd !== true) {
    const wrong = there.filter(({ status, chain_name: name }) => {
      return ended.includes(status) && status !== (name.startsWith(UNDONE) ? 'FAILURE' : 'SUCCESS');
    });
    if (wrong.length > 0) violations.push(`${wrong.length} chains ended otherwise: ${await failuresOf(system)}`);
  }
  for (const [name, sql] of Object.entries(FORBIDDEN)) {
    const rows = await system.rows<{ what: string }>(`${sql} LIMIT 5`);
    if (rows.length > 0) violations.push(`${name}: ${rows.map((row) => row.what).join(', ')}`);
  }
  const left = await leftOvers(system, options.emptyWithinMs ?? 5_000);
  if (left !== '') violations.push(left);
  if (options.crashesAllowed !== true) {
    for (const { name, how, tail } of system.crashes) violations.push(`${name} ended by itself (${how}):\n${tail}`);
  }
  return { lost, stuck, doubled: twice + (await system.count(TWO_ENDS)), violations };
}

/** How many executions were reported, over those that were needed. */
export async function executions(system: System): Promise<{ reported: number; accepted: number }> {
  const ends = `FROM chain_events WHERE kind IN ('TaskSucceeded','TaskFailed')`;
  return {
    reported: await system.count(`SELECT ${ends}`),
    accepted: await system.count(`SELECT ${ends} AND disposition = 'ACCEPTED'`),
  };
}

/** Empty once queue, channel and outbox are; else what is in them. */
async function leftOvers(system: System, withinMs: number): Promise<string> {
  let left = '';
  await system.until(
    async () => {
      const { prioritized: waiting, active } = await system.queues.depth('diagnostic');
      const reports = await system.channel.backlog('done');
      const outbox = await system.count('SELECT FROM outbox');
      const sum = waiting + active + reports + outbox;
      left =
        sum === 0 ? '' : `left over: ${waiting} jobs waiting, ${active} active, ${reports} reports, ${outbox} outbox`;
      return sum === 0;
    },
    withinMs,
    200,
  );
  return left;
}

async function failuresOf(system: System): Promise<string> {
  const rows = await system.rows<{ error: unknown }>(`SELECT error FROM chain_tasks WHERE status = 'FAILURE' LIMIT 3`);
  return rows.map((row) => JSON.stringify(row.error)).join('; ');
}

async function describeChain(system: System, id: string): Promise<string> {
  const tasks = await system.rows<{ task: string }>(
    `SELECT task_id || ' ' || status || coalesce(' hold ' || hold, '') || ' attempt ' || attempt || ' pending ' ||
            pending_dependencies || coalesce(' lease ' || (lease_until - clock_timestamp()), '') AS task
       FROM chain_tasks WHERE chain_id = $1 AND status NOT IN ('SUCCESS','PENDING') ORDER BY execution_order`,
    [id],
  );
  const [chain] = await system.rows<{ status: string }>('SELECT status FROM task_chains WHERE chain_id = $1', [id]);
  return `${id} ${chain?.status}: ${tasks.map((row) => row.task).join('; ')}`;
}
