import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { TestFolder } from '../contract/run-for-tests.js';
import type { AllowedScript } from '../contract/task-type.js';

/** A shell as the operator's command: such texts stand in the operator's entry, and in no task. */
export const shell = (text: string, more: Partial<AllowedScript> = {}): AllowedScript => ({
  ...{ command: ['/bin/sh', '-c', text], maxArguments: 0, reads: [], network: false, timeoutMs: 20_000 },
  ...{ outputBytes: 100_000, unconfined: true },
  ...more,
});

/** Names of folders of runs that were left. */
export const left = async ({ path }: TestFolder): Promise<string[]> =>
  (await readdir(path, { recursive: true })).filter((name) => name.includes('.script-'));

/** Whether a process runs: one that nobody has waited for is no more than an entry. */
export function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && readFileSync(file, 'latin1').split(') ').at(-1)![0] !== 'Z';
}
