/** Runs `psi` on SPU in a process that a test kills: its argument is the run as JSON, and it tells its progress, a line each. */
import type { TaskRun } from '../contract/task-type.js';
import { secretflow } from './secretflow.js';

const { python, run } = JSON.parse(process.argv[2]!) as { python: string; run: TaskRun };
await secretflow(python).run('psi', {
  ...run,
  signal: new AbortController().signal,
  log: () => undefined,
  progress: (_, stage) => void process.stdout.write(`${stage}\n`),
});
