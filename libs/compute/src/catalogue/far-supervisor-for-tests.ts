/** Runs `psi` elsewhere in a process that a test kills. Its argument is JSON, and it tells its progress, a line each. */
import { celery } from '../celery/celery.js';
import type { TaskRun } from '../contract/task-type.js';
import { kuscia } from '../kuscia/kuscia.js';

interface Supervised {
  readonly engine: 'celery' | 'kuscia';
  readonly settings: never;
  readonly run: TaskRun;
}
const { engine, settings, run } = JSON.parse(process.argv[2]!) as Supervised;
const runner = engine === 'celery' ? celery(settings) : kuscia(settings);
await runner.run('psi', {
  ...run,
  signal: new AbortController().signal,
  log: () => undefined,
  progress: (_, stage) => void process.stdout.write(`${stage}\n`),
});
