import type { Database, Queryable } from '#libs/repositories';

type Statement = Parameters<Queryable['query']>[0];

/** A known bug of schedules that can be planted, and a seed that finds it. */
interface Planted {
  readonly what: string;
  readonly seed: number;
  /** In the text of a statement, of a function of the database, or a command in place of the bug. */
  readonly statement?: readonly [name: string, from: string, to: string];
  readonly function?: readonly [name: string, from: string, to: string];
}

export const TICK_BUGS = {
  'planned-by-two': {
    what: 'two processes move a schedule on from the same due time',
    seed: 11,
    function: ['plan_ticks', 'AND s.next_due_at = p.due', ''],
  },
  'made-without-tick': {
    what: 'a chain is stored before its tick is settled',
    seed: 0,
    statement: ['settle-made-tick', `AND t.outcome = 'WAITING'`, 'AND false'],
  },
  'made-after-given-up': {
    what: 'a chain is made although its tick was given up meanwhile',
    seed: 29,
    statement: ['settle-made-tick', `AND t.outcome = 'WAITING'`, ''],
  },
  'overlap-not-read': {
    what: 'a tick does not look for chains of its schedule that have not ended',
    seed: 0,
    statement: ['read-tick', `WHERE schedule_id = $1 AND schedule_id IS NOT NULL AND status`, 'WHERE false AND status'],
  },
  'never-released': {
    what: 'a schedule stays taken by a process that died',
    seed: 0,
    function: ['claim_ticks', 'busy_until = counted + lease', `busy_until = counted + lease * 1e6`],
  },
  'skipped-are-made': {
    what: 'a tick is made although its schedule was paused while it waited',
    seed: 12,
    statement: [
      'skip-waiting-ticks',
      `SET outcome = 'SKIPPED'`,
      `SET outcome = CASE WHEN false THEN 'SKIPPED' ELSE outcome END`,
    ],
  },
} satisfies Record<string, Planted>;
export type TickBug = keyof typeof TICK_BUGS;

const BUGS: Readonly<Record<TickBug, Planted>> = TICK_BUGS;

/** The statement with the bug in it. Throws where it no longer has the text that the bug changes. */
export function withBug(statement: Statement, bug: TickBug | undefined): Statement {
  const [name, from, to] = (bug && BUGS[bug].statement) ?? [];
  if (name !== statement.name) return statement;
  return { name: `${name}-${bug}`, text: replaced(statement.text, from!, to!) };
}

/** Runs `work` while the functions of the database have the bug. */
export async function whilePlanted<T>(owner: Database, bug: TickBug | undefined, work: () => Promise<T>): Promise<T> {
  const [name, from, to] = (bug && BUGS[bug].function) ?? [];
  if (name === undefined) return work();
  const text = `SELECT pg_get_functiondef(oid) AS text FROM pg_proc WHERE proname = '${name}'`;
  const [right] = await owner.query<{ text: string }>({ name: '', text });
  await owner.query({ name: '', text: replaced(right!.text, from!, to!) });
  try {
    return await work();
  } finally {
    await owner.query({ name: '', text: right!.text });
  }
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`there is no "${from}" to change any more: plant the bug elsewhere`);
  return text.replace(from, () => to);
}
