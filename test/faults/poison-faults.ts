import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LOCKS_END_MS } from './checker.js';
import { BOTH, judged, onSystem, within, type Fault } from './fault.js';
import { chainOf, createChain, createMany, noAnswers, randomChain } from './load.js';
import { pick, seeded } from './random.js';
import { SIGNED, type System } from './system.js';

const OTHERS_P99_MS = 2_000;
const NUL = '\\u0000';
const HALF = '\\ud800';

/** Reports of a run that no honest worker sends, and how its task ends; `run` is the JSON of its ids without braces. */
function poisonReports(
  run: string,
  runWithout: (field: string) => string,
): { readonly text: string; readonly code: string | null }[] {
  const ok = `"elapsedMs":1,"kind":"succeeded","artifacts":[]`;
  const invalid = [
    `{${run},${ok},"result":"a${NUL}b"}`,
    `{${run},${ok},"result":{"${NUL}":1}}`,
    `{${run},${ok},"result":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    `{${run},${ok},"result":"${HALF}"}`,
    `{${run},${ok}}`,
    `{${run},"elapsedMs":1e300,"kind":"succeeded","artifacts":[],"result":1}`,
    `{${run},"elapsedMs":-1e300,"kind":"succeeded","artifacts":[],"result":1}`,
    `{${run},"elapsedMs":1,"kind":"succeeded","artifacts":{"a":1},"result":1}`,
    `{${run},"elapsedMs":1,"kind":"succeeded","artifacts":[{"name":"a${HALF}","mediaType":"b","sizeBytes":1,"sha256":"${'a'.repeat(64)}"}],"result":1}`,
    `{${run},"elapsedMs":1,"kind":"succeeded","artifacts":[{"name":"a","mediaType":"${'b'.repeat(200)}","sizeBytes":1,"sha256":"${'a'.repeat(64)}"}],"result":1}`,
    `{${run},"elapsedMs":1,"kind":"failed","error":"no object","retryable":1}`,
    `{${run},"elapsedMs":1,"kind":"failed","error":{"code":"A${NUL}","message":"m"},"retryable":true}`,
    `{${run},"elapsedMs":1,"kind":"failed","error":{"code":"${HALF}","message":"m","details":{"d":"${HALF}"}},"retryable":true}`,
    `{${runWithout('workerId')},"workerId":"${'w'.repeat(250)}",${ok},"result":1}`,
    `{${runWithout('workerId')},"workerId":"${HALF}",${ok},"result":1}`,
    `{${run},"elapsedMs":1,"kind":"unheard of"}`,
    `{${run},"kind":"released"}`,
  ];
  // They name no current run, so the run continues.
  const ofNoRun = [
    `{${runWithout('runId')},"runId":"${'r'.repeat(250)}",${ok},"result":1}`,
    `{${runWithout('attempt')},"attempt":2147483647,${ok},"result":1}`,
    `{${runWithout('attempt')},"attempt":1.5,${ok},"result":1}`,
  ];
  return [
    { text: `{${run},${ok},"result":"${'x'.repeat(1_000_000)}"}`, code: 'RESULT_TOO_LARGE' },
    ...invalid.map((text) => ({ text, code: 'INVALID_RESULT' })),
    ...ofNoRun.map((text) => ({ text, code: null })),
  ];
}

/** Texts that are no reports at all, for either lane. */
const NONSENSE = [
  '',
  'null',
  '[]',
  '7',
  '"text"',
  '{',
  '{"kind":"succeeded"}',
  `{"kind":"${'k'.repeat(100_000)}"}`,
  '['.repeat(5_000) + ']'.repeat(5_000),
  '{"chainId":"none","taskId":"x","taskRequestId":"none","attempt":1,"runId":"r","workerId":"w","elapsedMs":1,"kind":"succeeded","result":1,"artifacts":[]}',
];

/** Notes that no honest worker sends, about one attempt. */
function poisonNotes(attempt: string, run: string): string[] {
  const beat = `"kind":"heartbeat","seq":1`;
  return [
    `{${attempt},"kind":"progress","fraction":1e300,"stage":"s"}`,
    `{${attempt},"kind":"progress","fraction":0.5,"stage":"${HALF}"}`,
    `{${attempt},"kind":"progress","fraction":0.5,"stage":"${NUL}"}`,
    `{${attempt},"kind":"log","lines":[{"atMs":1e300,"level":"info","message":"m"}]}`,
    `{${attempt},"kind":"log","lines":[{"atMs":-1e18,"level":"info","message":"m"}]}`,
    `{${attempt},"kind":"log","lines":[{"atMs":1,"level":"info","message":"${HALF}"}]}`,
    `{${attempt},"kind":"log","lines":[{"atMs":1,"level":"${NUL}","message":"${NUL}"}]}`,
    `{${attempt},"kind":"log","lines":{"length":3}}`,
    `{${run},"kind":"started","elapsedMs":1e300}`,
    `{${run.replace(/"runId":"[^"]*"/, `"runId":"${'r'.repeat(250)}"`)},"kind":"started","elapsedMs":1}`,
    `{${beat},"workerId":"poison-1","slots":{"diagnostic":"many"},"tasks":[]}`,
    `{${beat},"workerId":"poison-2","slots":{"diagnostic":1e300},"tasks":[]}`,
    `{${beat},"workerId":"poison-3","slots":{"diagnostic":-1},"tasks":[]}`,
    `{${beat},"workerId":"poison-4","slots":{"${NUL}":1},"tasks":[]}`,
    `{${beat},"workerId":"poison-5","slots":{"diagnostic":{"a":1}},"tasks":[]}`,
    `{${beat},"workerId":"${'w'.repeat(250)}","slots":{"diagnostic":1},"tasks":[]}`,
    `{${beat},"workerId":"${HALF}","slots":{"diagnostic":1},"tasks":[]}`,
    `{${beat},"workerId":"poison-6","slots":{"diagnostic":1},"tasks":[${Array.from({ length: 500 }, (_, i) => `{"taskRequestId":"none-${i}-${'n'.repeat(100)}","attempt":1}`).join(',')}]}`,
    `{${beat},"workerId":"poison-7","slots":{"diagnostic":1},"tasks":[{"taskRequestId":"${HALF}","attempt":1}]}`,
    `{${beat},"workerId":"poison-8","slots":[],"tasks":{}}`,
  ];
}

/** 9: poison straight into the channel. */
export const poison: Fault = {
  number: 9,
  name: 'poison reports and notes in the channel',
  backends: BOTH,
  run: (trial) =>
    onSystem(trial, { workers: 2, slots: 40 }, { anyEnd: true, emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const answers = noAnswers();
      const random = seeded(trial.seed);
      const victims: string[] = [];
      const ends = new Map<string, string | null>();
      const violations: string[] = [];
      const rounds = trial.long ? 20 : 1;
      const over = new AbortController();
      const others = noAnswers();
      // Processes that have just started are slow by themselves: what is measured is the poison.
      const first = noAnswers();
      await createMany(system, 60, (n) => randomChain(random, `first ${n}`, 10, 50), first, { atOnce: 8 });
      await system.allEnded(first.acknowledged, 90_000);
      answers.acknowledged.push(...first.acknowledged);
      const load = createMany(system, Infinity, (n) => randomChain(random, `other ${n}`, 10, 50), others, {
        atOnce: 2,
        pauseMs: 150,
        signal: over.signal,
      });
      let sent = 0;
      for (let round = 0; round < rounds; round++) {
        const count = poisonReports('', () => '').length;
        // Each victim's own run is under way, so that what is said in its name counts.
        const bodies = Array.from({ length: count }, (_, n) =>
          chainOf(`victim ${round}.${n}`, [{ id: 'v', parents: [], config: { delay_ms: 8_000 } }]),
        );
        const own = noAnswers();
        await createMany(system, count, (n) => bodies[n]!, own);
        victims.push(...own.acknowledged);
        const running = `SELECT chain_id, task_request_id, attempt, run_id FROM chain_tasks WHERE status = 'RUNNING' AND chain_id = ANY ($1)`;
        await system.until(async () => (await system.count(running, [own.acknowledged])) >= count, 60_000);
        const rows = await system.rows<{ chain_id: string; task_request_id: string; attempt: number; run_id: string }>(
          running,
          [own.acknowledged],
        );
        for (const [i, row] of rows.entries()) {
          const fields: Record<string, unknown> = {
            chainId: row.chain_id,
            taskId: 'v',
            taskRequestId: row.task_request_id,
            attempt: row.attempt,
            runId: row.run_id,
            workerId: 'poisoner',
          };
          const without = (left: string): string =>
            Object.entries(fields)
              .filter(([name]) => name !== left)
              .map(([name, value]) => `"${name}":${JSON.stringify(value)}`)
              .join(',');
          const attempt = `"taskRequestId":"${row.task_request_id}","attempt":${row.attempt}`;
          const notes = poisonNotes(attempt, without(''));
          await sendRaw(system, 'notes', notes[i % notes.length]!);
          const { text, code } = poisonReports(without(''), without)[i]!;
          await sendRaw(system, 'done', text);
          ends.set(row.chain_id, code);
          await sendRaw(system, pick(random, ['done', 'notes']), NONSENSE[i % NONSENSE.length]!);
          sent += 3;
        }
        const extra = poisonNotes('"taskRequestId":"none","attempt":1', '"runId":"r"').slice(rows.length);
        for (const text of extra) await sendRaw(system, 'notes', text);
        sent += extra.length;
        await delay(2_000);
      }
      over.abort();
      await load;
      answers.acknowledged.push(...victims, ...others.acknowledged);
      const began = performance.now();
      await system.allEnded(answers.acknowledged, 90_000);
      const took = judged(trial, await durations(system, others.acknowledged));
      if (took.ms > within(trial, OTHERS_P99_MS)) {
        violations.push(`other chains took ${Math.round(took.ms)} ms (${took.name})`);
      }
      const codes = await system.rows<{ chain_id: string; code: string | null }>(
        `SELECT chain_id, error->>'code' AS code FROM chain_tasks WHERE chain_id = ANY ($1)`,
        [victims],
      );
      for (const { chain_id, code } of codes) {
        const expected = ends.get(chain_id);
        if (expected !== code) violations.push(`a victim ended with ${code}, not with ${expected}`);
      }
      const failed = await system.count(`SELECT FROM task_chains WHERE status <> 'SUCCESS' AND chain_id = ANY ($1)`, [
        others.acknowledged,
      ]);
      if (failed > 0) violations.push(`${failed} other chains failed`);
      const stillThere = await system.channel.backlog('notes');
      if (stillThere > 5) violations.push(`${stillThere} notes are never done with`);
      return {
        rounds: sent,
        acknowledged: answers.acknowledged,
        longestRecoveryMs: performance.now() - began,
        violations,
        notes: `${others.acknowledged.length} other chains, ${took.name} ${Math.round(took.ms)} ms`,
      };
    }),
};

/** Puts a text into the channel as it stands. */
async function sendRaw(system: System, lane: 'done' | 'notes', text: string): Promise<void> {
  if (system.backend.kind === 'redis') {
    await system.backend.redis.xadd(`tc:status:${lane}`, '*', 'm', text);
  } else {
    await system.rows(`INSERT INTO status_channel.messages (lane, body) VALUES ($1, $2)`, [lane, text]);
    await system.rows(`SELECT pg_notify('tc_status_' || $1, '')`, [lane]);
  }
}

/** Milliseconds from creation to end of each chain. */
async function durations(system: System, chainIds: readonly string[]): Promise<number[]> {
  const rows = await system.rows<{ ms: number }>(
    `SELECT extract(epoch FROM completed_at - created_at)::float8 * 1000 AS ms FROM task_chains
      WHERE chain_id = ANY ($1) AND completed_at IS NOT NULL`,
    [chainIds],
  );
  return rows.map((row) => row.ms);
}

const API_P99_MS = 500;
const LISTENER_MB = 400;

/** 10: very many tasks wait, since no worker runs. */
export const waiting: Fault = {
  number: 10,
  name: '100,000 waiting tasks',
  backends: BOTH,
  shortOn: ['redis'],
  run: (trial) =>
    onSystem(trial, { listeners: 2, workers: 0 }, { emptyWithinMs: LOCKS_END_MS }, async (system) => {
      const answers = noAnswers();
      const violations: string[] = [];
      const chains = trial.long ? 100 : 3;
      const width = 1_000;
      const tasks = Array.from({ length: width }, (_, i) => ({ id: `t${i}`, parents: [] }));
      await createMany(system, chains, (n) => chainOf(`wide ${n}`, tasks), answers, { atOnce: 2 });
      const created = await system.count(`SELECT FROM chain_tasks WHERE status = 'READY'`);
      if (created !== chains * width) violations.push(`${created} of ${chains * width} tasks wait`);
      const asked: number[] = [];
      const probe = noAnswers();
      const [api] = system.apis;
      for (let i = 0; i < (trial.long ? 200 : 60); i++) {
        const one = await createChain(system, chainOf(`probe ${i}`, [{ id: 'a', parents: [] }]), probe);
        for (const path of [`chains/${one}`, 'chains?page_size=50', `chains/${answers.acknowledged[0]}`]) {
          const began = performance.now();
          const response = await fetch(`${api!.url}/api/v1/${path}`, { headers: SIGNED });
          await response.arrayBuffer();
          asked.push(performance.now() - began);
          if (!response.ok) violations.push(`GET ${path} answered ${response.status}`);
        }
      }
      const took = judged(trial, [...asked, ...probe.tookMs]);
      if (took.ms > within(trial, API_P99_MS)) violations.push(`the API took ${Math.round(took.ms)} ms (${took.name})`);
      const megabytes = (): number => Math.max(...system.listeners.map((app) => peakMegabytes(app.pid)));
      const began = performance.now();
      const worker = await system.addWorker(64);
      answers.acknowledged.push(...probe.acknowledged);
      await system.allEnded(answers.acknowledged, trial.long ? 900_000 : 90_000);
      const peak = megabytes();
      if (peak > LISTENER_MB) violations.push(`a listener used ${peak} MB`);
      await worker.ready();
      return {
        rounds: chains * width,
        acknowledged: answers.acknowledged,
        longestRecoveryMs: performance.now() - began,
        violations,
        notes: `API ${took.name} ${Math.round(took.ms)} ms, a listener at most ${peak} MB`,
      };
    }),
};

function peakMegabytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}
