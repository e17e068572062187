import { withConnection } from '#libs/local-postgres';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, onSystem, type Fault } from './fault.js';
import { chainOf, createMany, noAnswers, wrongAnswers } from './load.js';
import { percentile } from './random.js';
import type { System } from './system.js';

const WIDTH = 20;
const HOPS = 5;
/** How much slower a hop may be after the last rows than after the first. */
const RATIO = { long: 2, short: 3 };

/** 20: a transaction stays open, so that no dead row can be removed, while a day's worth of tasks runs. */
export const heldVacuum: Fault = {
  number: 20,
  name: "vacuum held back by a long transaction for a day's worth of rows",
  backends: BOTH,
  shortOn: ['postgres'],
  run: (trial) =>
    onSystem(trial, { listeners: 1, workers: 1, slots: 32 }, { emptyWithinMs: LOCKS_END_MS }, (system) =>
      withConnection(system.databaseUrl, async (holder) => {
        await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
        await holder.query('SELECT FROM task_chains LIMIT 1');
        const answers = noAnswers();
        const violations: string[] = [];
        // 200,000 tasks, and as many hops of a day with 2.3 a second.
        const [windows, chains] = trial.long ? [20, 500] : [2, 10];
        const hops: number[] = [];
        const tasks = Array.from({ length: WIDTH }, (_, i) => ({ id: `t${i}`, parents: [] }));
        for (let window = 0; window < windows; window++) {
          await createMany(system, chains, (n) => chainOf(`day ${window}.${n}`, tasks), answers);
          await system.allEnded(answers.acknowledged, 600_000);
          hops.push(await hopMs(system, answers));
          trial.say(`${(window + 1) * chains * WIDTH} tasks: a hop takes ${hops.at(-1)!.toFixed(1)} ms`);
        }
        const ratio = hops.at(-1)! / hops[0]!;
        if (ratio > (trial.long ? RATIO.long : RATIO.short)) {
          violations.push(`a hop takes ${ratio.toFixed(1)} times as long as at first`);
        }
        const dead = await deadRows(system);
        await holder.query('ROLLBACK');
        violations.push(...wrongAnswers(answers));
        return {
          rounds: windows * chains * WIDTH,
          acknowledged: answers.acknowledged,
          longestRecoveryMs: Math.max(...hops),
          violations,
          notes: `a hop at first ${hops[0]!.toFixed(1)} ms, at last ${hops.at(-1)!.toFixed(1)} ms; ${dead} dead rows were kept`,
        };
      }),
    ),
};

/** The median time of one task after another, ms: of lines of tasks that do nothing, one line at a time. */
async function hopMs(system: System, answers: ReturnType<typeof noAnswers>): Promise<number> {
  const line = Array.from({ length: HOPS }, (_, i) => ({ id: `t${i}`, parents: i === 0 ? [] : [`t${i - 1}`] }));
  const took: number[] = [];
  for (let n = 0; n < 9; n++) {
    await createMany(system, 1, () => chainOf('line', line), answers);
    const id = answers.acknowledged.at(-1)!;
    await system.allEnded([id], 60_000);
    const [row] = await system.rows<{ ms: number }>(
      `SELECT extract(epoch FROM completed_at - started_at)::float8 * 1000 AS ms FROM task_chains WHERE chain_id = $1`,
      [id],
    );
    took.push(row!.ms / HOPS);
  }
  return percentile(took, 0.5);
}

async function deadRows(system: System): Promise<number> {
  const [row] = await system.rows<{ dead: string }>('SELECT sum(n_dead_tup) AS dead FROM pg_stat_user_tables');
  return Number(row!.dead);
}
