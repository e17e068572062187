import { expect, test } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { EngineNotReady, taskRunners, type TaskRunner } from '#libs/compute';
import { createLogger, SecretOpener } from '#libs/platform';
import type { TaskJob } from '#libs/queues';
import { openDatabase, SecretRepository } from '#libs/repositories';
import { JobSecrets } from '../secrets/job-secrets.js';
import { startRun } from './run-job.js';

const named = { tenant: 'acme', chainId: 'chain-1', taskId: 'mean', taskRequestId: 'r1', attempt: 2, timeoutMs: null };

/** Runs a job that needs no secrets. Returns its report, and what the worker's log and notes say. */
async function ran(job: Pick<TaskJob, 'taskType' | 'params' | 'inputs'>, runners: readonly TaskRunner[]) {
  const lines: string[] = [];
  const notes: unknown[] = [];
  const run = startRun(
    { ...named, ...job, priority: 5, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    {
      workerId: 'w1',
      dataRoot: '/nowhere',
      artifactRoot: '/nowhere',
      callsToPrivate: false,
      scripts: {},
      runners,
      logger: createLogger('compute-worker', 'info', { write: (line) => void lines.push(line) }),
      secrets: new JobSecrets(await openDatabase('postgres://nowhere.invalid/none'), new SecretRepository(), undefined),
      sites: { run: () => Promise.reject(new Error('no site')) },
      note: (note) => void notes.push(note),
    },
  );
  return { report: await run.ended, lines: lines.map((line) => JSON.parse(line) as object), notes };
}

test("an unforeseen error is in the worker's log with its kind and places, and its text is nowhere", async () => {
  const inputs = new Proxy(
    {},
    {
      ownKeys: () => {
        throw Object.assign(new RangeError('the cell 4711'), { code: 'EODD' });
      },
    },
  );
  const params = { sf_init_config: { parties: ['alice', 'bob'] }, task_config: {} };
  const { report, lines, notes } = await ran({ taskType: 'aggregate', params, inputs }, taskRunners);
  expect(report).toMatchObject({
    kind: 'failed',
    retryable: true,
    error: { code: 'TASK_ERROR', message: "the task ended with an unforeseen RangeError: see its worker's log" },
  });
  const trace = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' };
  const of = { tenant: 'acme', chain_id: 'chain-1', task_id: 'mean', attempt: 2, ...trace };
  expect(lines).toMatchObject([
    { ...of, error: 'RangeError', code: 'EODD', level: 'error' },
    { ...of, outcome: 'failed', code: 'TASK_ERROR', level: 'info' },
  ]);
  expect(JSON.stringify(lines)).toMatch(/"places":\["at .*run-job/);
  expect(JSON.stringify([lines, notes])).not.toMatch(/4711/);
});

test("where an engine's settings lead is in the worker's log, and in nothing that authors of chains see", async () => {
  const error = new EngineNotReady('The certificate has ended.', 'it is /secret/place');
  const runner = { ...taskRunners[0]!, run: () => Promise.reject(error) };
  const params = { sf_init_config: { parties: ['alice', 'bob'] }, task_config: {} };
  const { report, lines, notes } = await ran({ taskType: 'aggregate', params, inputs: {} }, [runner]);
  expect(report).toMatchObject({ error: { code: 'ENGINE_NOT_READY', message: error.message }, retryable: false });
  expect(JSON.stringify([report, notes])).not.toContain('place');
  expect(lines).toContainEqual(expect.objectContaining({ level: 'error', msg: error.message, mend: error.mend }));
});

test('a secret at a parameter that takes none is not even fetched', async () => {
  const database = await openDatabase('postgres://nowhere.invalid/none');
  const opener = await SecretOpener.of({ privateKeys: [await generateX25519Identity()], symmetricKeys: [] });
  const secrets = new JobSecrets(database, new SecretRepository(), opener);
  const job = {
    chainId: 'chain-1',
    taskId: 'fill',
    taskRequestId: 'r1',
    attempt: 1,
    inputs: {},
    timeoutMs: null,
    priority: 5,
  };
  const at = (taskType: string, ...path: (string | number)[]) =>
    secrets.open({ ...job, taskType, params: {}, secrets: [{ name: 'tls-key', path: ['task_config', ...path] }] });
  for (const [type, path] of [
    ['fillna', ['value']],
    ['encrypt', ['recipients', 0]],
    ['psi', ['input_paths', 'alice']],
    ['diagnostic', ['result', 'deep']],
    ['diagnostic', ['secret', 'deep']],
    ['diagnostic', ['toString']],
    ['nothing', ['secret']],
  ] as const) {
    await expect(at(type, ...path)).rejects.toMatchObject({
      code: 'SECRET_NOT_ALLOWED',
      retryable: false,
      message: `the secret tls-key stands at /task_params/task_config/${path.join('/')}, a parameter that takes no secret`,
    });
  }
  await expect(at('diagnostic', 'secret')).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });
  await database.close();
});
