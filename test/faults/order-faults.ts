import { setTimeout as delay } from 'node:timers/promises';
import type { DoneReport, TaskJob } from '#libs/queues';
import { FakeWorker } from './fake-worker.js';
import { BOTH, onSystem, type Fault, type Outcome, type Trial } from './fault.js';
import { chainOf, createChain, createMany, noAnswers, randomChain } from './load.js';
import { percentile, pick, seeded, shuffled } from './random.js';
import { SIGNED, type System } from './system.js';

/** 7: fan-ins whose parents end at once, on four listeners; and reports that come three times and in any order. */
export const order: Fault = {
  number: 7,
  name: 'fan-ins of 50 parents on 4 listeners; reports tripled and shuffled',
  backends: BOTH,
  shortOn: ['redis'],
  run: async (trial) => {
    const first = await fanIns(trial);
    const second = await tripled(trial);
    return {
      rounds: first.rounds + second.rounds,
      lost: first.lost + second.lost,
      stuck: first.stuck + second.stuck,
      doubled: first.doubled + second.doubled,
      longestRecoveryMs: Math.max(first.longestRecoveryMs, second.longestRecoveryMs),
      violations: [...first.violations, ...second.violations],
      notes: second.notes,
    };
  },
};

const PARENTS = 50;
/** Fan-ins whose parents all end at once. */
const FANS = 25;

function fanIns(trial: Trial): Promise<Outcome> {
  return onSystem(trial, { listeners: 4, workers: 0 }, {}, async (system) => {
    const random = seeded(trial.seed);
    const answers = noAnswers();
    const violations: string[] = [];
    const waves = trial.long ? 40 : 2;
    const worker = await FakeWorker.start(system, 2_000);
    let longestRecoveryMs = 0;
    try {
      const parents = Array.from({ length: PARENTS }, (_, i) => `p${i}`);
      const tasks = [...parents.map((id) => ({ id, parents: [] })), { id: 'child', parents }];
      for (let wave = 0; wave < waves; wave++) {
        const from = worker.jobs.length;
        const count = from + FANS * PARENTS;
        worker.onJob = () => undefined;
        await createMany(system, FANS, (n) => chainOf(`fan ${wave}.${n}`, tasks), answers);
        const all = await system.until(async () => worker.jobs.length >= count, 40_000);
        if (!all) violations.push(`${worker.jobs.length - from} of ${FANS * PARENTS} parents were sent`);
        const began = performance.now();
        const reports = shuffled(random, worker.jobs.slice(from)).map((job) => worker.reportOf(job, { result: null }));
        worker.onJob = (job) => void worker.publish(worker.reportOf(job, { result: null }));
        await publishAll(worker, reports);
        await system.allEnded(answers.acknowledged, 30_000);
        longestRecoveryMs = Math.max(longestRecoveryMs, performance.now() - began);
      }
      const fans = waves * FANS;
      const children = worker.jobs.filter((job) => job.taskId === 'child');
      if (children.length !== fans) violations.push(`${fans} children were dispatched ${children.length} times`);
      return { rounds: fans, acknowledged: answers.acknowledged, longestRecoveryMs, violations };
    } finally {
      await worker.stop();
    }
  });
}

/** Publishes many at once, as many workers would. */
async function publishAll(worker: FakeWorker, reports: readonly DoneReport[]): Promise<void> {
  for (let i = 0; i < reports.length; i += 500) {
    await Promise.all(reports.slice(i, i + 500).map((report) => worker.publish(report)));
  }
}

async function tripled(trial: Trial): Promise<Outcome> {
  const chains = trial.long ? 700 : 15;
  let inOrder: string[] = [];
  const plain = await onSystem(trial, { workers: 0 }, { anyEnd: true }, async (system) => {
    const outcome = await replay(system, trial, chains, 1);
    inOrder = await endState(system);
    return outcome;
  });
  const mixed = await onSystem(trial, { workers: 0 }, { anyEnd: true }, async (system) => {
    const outcome = await replay(system, trial, chains, 3);
    const violations = (await endState(system)).flatMap((row, i) =>
      row === inOrder[i] ? [] : [`in order: ${inOrder[i]}; tripled and shuffled: ${row}`],
    );
    return { ...outcome, violations: violations.slice(0, 3) };
  });
  return { ...mixed, violations: [...plain.violations, ...mixed.violations] };
}

const WAVE = 100;

/** Runs the same chains with each report sent `times` times, later ones among those of other tasks. */
async function replay(system: System, trial: Trial, chains: number, times: number): ReturnType<Replay> {
  const random = seeded(trial.seed);
  const answers = noAnswers();
  const worker = await FakeWorker.start(system, 2_000);
  const sent: DoneReport[] = [];
  let count = 0;
  const answer = async (job: TaskJob): Promise<void> => {
    const fails = job.taskId === 't7' || job.taskId === 't13';
    const report = worker.reportOf(
      job,
      fails ? { error: 'AS_ASKED' } : { result: { of: job.taskId, saw: job.inputs } },
    );
    sent.push(report);
    const copies = Array.from({ length: times }, () => report);
    // Beside each report some that were sent long before come once more.
    if (times > 1) copies.push(pick(random, sent), pick(random, sent));
    for (const copy of shuffled(random, copies)) {
      count++;
      await worker.publish(copy);
      if (times > 1) await delay(random() * 20);
    }
  };
  const answering: Promise<void>[] = [];
  worker.onJob = (job) => void answering.push(answer(job));
  try {
    const bodies = Array.from({ length: chains }, (_, n) => ({
      ...randomChain(seeded(trial.seed + n), `order ${n}`, 20),
      options: { stop_on_error: false },
    }));
    const began = performance.now();
    // One process speaks for all workers: more chains at once would wait for it, until their leases run out.
    for (let from = 0; from < chains; from += WAVE) {
      await createMany(system, Math.min(WAVE, chains - from), (n) => bodies[from + n]!, answers);
      await system.allEnded(answers.acknowledged, 60_000);
    }
    const longestRecoveryMs = performance.now() - began;
    await Promise.all(answering);
    return {
      rounds: count,
      acknowledged: answers.acknowledged,
      longestRecoveryMs,
      notes: `${sent.length} reports sent ${count} times`,
    };
  } finally {
    await worker.stop();
  }
}
type Replay = () => Promise<{ rounds: number; acknowledged: string[]; longestRecoveryMs: number; notes: string }>;

/**
 * Everything that the outcome of the chains is, without ids and times. How many parents were counted before a task was
 * skipped is left out: it is decided as soon as it is certain, and what comes later is not counted any more.
 */
async function endState(system: System): Promise<string[]> {
  const chains = await system.rows(
    `SELECT chain_name, status, completed_tasks, failed_tasks, skipped_tasks FROM task_chains ORDER BY chain_name`,
  );
  const tasks = await system.rows(
    `SELECT chain_name, task_id, t.status, attempt, result, t.error->>'code' AS code, skip_reason
       FROM chain_tasks t JOIN task_chains USING (chain_id) ORDER BY chain_name, execution_order`,
  );
  return [...chains, ...tasks].map((row) => JSON.stringify(row));
}

/** 8: cancel against the last completion; one key from many clients. */
export const races: Fault = {
  number: 8,
  name: 'cancel racing with the last completion; one key from 100 clients',
  backends: BOTH,
  shortOn: ['redis'],
  run: (trial) =>
    onSystem(trial, { apis: 2, listeners: 2, workers: 0 }, { anyEnd: true }, async (system) => {
      const random = seeded(trial.seed);
      const answers = noAnswers();
      const violations: string[] = [];
      const worker = await FakeWorker.start(system, 10_000);
      const raceCount = trial.long ? 500 : 60;
      const took: number[] = [];
      let cancelled = 0;
      try {
        await createMany(system, raceCount, (n) => chainOf(`race ${n}`, [{ id: 'last', parents: [] }]), answers);
        await system.until(async () => worker.jobs.length >= raceCount, 60_000);
        for (let i = 0; i < worker.jobs.length; i += 4) {
          await Promise.all(
            worker.jobs.slice(i, i + 4).map(async (job) => {
              const began = performance.now();
              const api = pick(random, system.apis);
              const wait = random() * 12;
              const [answer] = await Promise.all([
                delay(wait).then(() =>
                  fetch(`${api.url}/api/v1/chains/${job.chainId}/cancel`, { method: 'POST', headers: SIGNED }),
                ),
                delay(random() * 12).then(() => worker.publish(worker.reportOf(job, { result: null }))),
              ]);
              await system.allEnded([job.chainId], 10_000);
              took.push(performance.now() - began);
              const [row] = await system.rows<{ chain: string; task: string }>(
                `SELECT c.status AS chain, t.status AS task FROM task_chains c JOIN chain_tasks t USING (chain_id) WHERE c.chain_id = $1`,
                [job.chainId],
              );
              const saw = `${answer.status} ${row?.chain} ${row?.task}`;
              if (answer.status < 300) cancelled++;
              if (saw !== '200 CANCELLED CANCELLED' && saw !== '409 SUCCESS SUCCESS') violations.push(`a race: ${saw}`);
            }),
          );
        }
        const keys = trial.long ? 50 : 3;
        for (let n = 0; n < keys; n++) {
          const body = chainOf(`key ${n}`, [{ id: 'a', parents: [] }], false);
          const one = noAnswers();
          await Promise.all(Array.from({ length: 100 }, () => createChain(system, body, one, `one-key-${n}`)));
          const ids = new Set(one.acknowledged);
          if (ids.size !== 1) violations.push(`100 clients with one key made ${ids.size} chains`);
        }
      } finally {
        await worker.stop();
      }
      const notes = `cancel won ${cancelled} of ${raceCount}, p99 ${Math.round(percentile(took, 0.99))} ms`;
      const longestRecoveryMs = Math.max(...took);
      return { rounds: raceCount, acknowledged: answers.acknowledged, longestRecoveryMs, violations, notes };
    }),
};
