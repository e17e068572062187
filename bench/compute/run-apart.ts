import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TaskOrder, TaskReport } from './task-process.js';

const script = fileURLToPath(new URL('./task-process.js', import.meta.url));

interface Order extends Omit<TaskOrder, 'params'> {
  readonly parties: readonly string[];
  readonly config: object;
  /** By default native. */
  readonly engine?: string;
}

/** Runs a task of local parties in a separate process, which `signal` ends. */
export async function runApart(
  { parties, config, engine, ...order }: Order,
  signal?: AbortSignal,
): Promise<TaskReport> {
  const params = {
    ...(engine !== undefined && { engine }),
    sf_init_config: { parties: [...parties], address: 'local' },
    task_config: config as Record<string, unknown>,
  };
  const adjusted: TaskOrder = { ...order, params };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(adjusted)], { signal });
  return JSON.parse(stdout) as TaskReport;
}
