import { expect, test } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { taskRunners } from '#libs/compute';
import { createLogger, SecretOpener } from '#libs/platform';
import { openDatabase, SecretRepository } from '#libs/repositories';
import { JobSecrets } from '../secrets/job-secrets.js';
import { startRun } from './run-job.js';

test("an unforeseen error is in the worker's log with its kind and places, and its text is nowhere", async () => {
  const lines: string[] = [];
  const logger = createLogger('compute-worker', 'info', { write: (line) => void lines.push(line) });
  const notes: unknown[] = [];
  const trace = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' };
  const named = { tenant: 'acme', chain_id: 'chain-1', task_id: 'mean', attempt: 2, ...trace };
  const inputs = new Proxy(
    {},
    {
      ownKeys: () => {
        throw Object.assign(new RangeError('the cell 4711'), { code: 'EODD' });
      },
    },
  );
  const run = startRun(
    {
      tenant: 'acme',
      chainId: 'chain-1',
      taskId: 'mean',
      taskRequestId: 'r1',
      taskType: 'aggregate',
      attempt: 2,
      params: { sf_init_config: { parties: ['alice', 'bob'] }, task_config: {} },
      inputs,
      timeoutMs: null,
      priority: 5,
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    },
    {
      workerId: 'w1',
      dataRoot: '/nowhere',
      artifactRoot: '/nowhere',
      callsToPrivate: false,
      scripts: {},
      runners: taskRunners,
      logger,
      secrets: new JobSecrets(await openDatabase('postgres://nowhere.invalid/none'), new SecretRepository(), undefined),
      sites: { run: () => Promise.reject(new Error('no site')) },
      note: (note) => void notes.push(note),
    },
  );
  expect(await run.ended).toMatchObject({
    kind: 'failed',
    retryable: true,
    error: { code: 'TASK_ERROR', message: "the task ended with an unforeseen RangeError: see its worker's log" },
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { ...named, error: 'RangeError', code: 'EODD', level: 'error' },
    { ...named, outcome: 'failed', code: 'TASK_ERROR', level: 'info' },
  ]);
  expect(lines.join()).toMatch(/"places":\["at .*run-job/);
  expect(`${lines.join()}${JSON.stringify(notes)}`).not.toMatch(/4711/);
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
