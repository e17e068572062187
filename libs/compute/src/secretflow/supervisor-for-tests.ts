/**
 * Runs a task on SPU in a process that a test kills: its argument is the run as JSON, and it tells its progress, a line each. From the stage `fills` on the disk
 * is full. At its end it says which files it leaves.
 */
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskRun } from '../contract/task-type.js';
import { secretflow } from './secretflow.js';

interface Asked {
  readonly python: string;
  readonly run: TaskRun;
  readonly type?: string;
  readonly fills?: string;
}

const { python, run, type = 'psi', fills } = JSON.parse(process.argv[2]!) as Asked;
let isFull = false;

function fill(): void {
  for (let bytes = 65_536; bytes >= 1;) {
    try {
      appendFileSync(join(run.artifactRoot, 'filler'), Buffer.alloc(bytes));
    } catch {
      bytes /= 2;
    }
  }
}

try {
  await secretflow(python, { python }).run(type, {
    ...run,
    signal: new AbortController().signal,
    log: () => undefined,
    progress(_, stage) {
      process.stdout.write(`${stage}\n`);
      // Again and again: what SPU has read leaves room.
      isFull ||= stage === fills;
      if (isFull) fill();
    },
  });
} finally {
  const left = readdirSync(run.artifactRoot, { recursive: true, withFileTypes: true });
  process.stdout.write(`left: ${left.flatMap((each) => (each.isFile() ? [each.name] : [])).join(' ')}\n`);
}
