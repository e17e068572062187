import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Json, TaskRun, TaskRunResult } from './task-type.js';

/** A folder of party tables and artifacts for one test file, and runs in it. */
export interface TestFolder {
  readonly path: string;
  /** Writes a file of a party. */
  table(party: string, name: string, text: string | Uint8Array): Promise<void>;
  /** A run of these parameters, of whatever type; further fields of a TaskRun may be given. */
  run(taskConfig: Record<string, unknown>, more?: Partial<TaskRun>): TaskRun<never>;
  /** Rows of a table behind a path or an artifact reference, the header first. */
  rows(party: string, reference: string): Promise<string[][]>;
  text(party: string, reference: string): Promise<string>;
  /** Names of temporary files that were left anywhere. */
  temporaries(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function testFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'compute-'));
  const locate = (party: string, reference: string): string =>
    reference.startsWith('artifact:')
      ? join(path, 'artifacts', reference.slice('artifact:'.length))
      : join(path, 'data', party, reference);
  const text = (party: string, reference: string): Promise<string> => readFile(locate(party, reference), 'utf8');
  return {
    path,
    text,
    async table(party, name, content) {
      const file = join(path, 'data', party, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    },
    run: (taskConfig, more = {}) => ({
      chainId: 'chain-1',
      taskId: 'task-1',
      attempt: 1,
      requestId: '00000000-0000-4000-8000-000000000001',
      params: {
        sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
        task_config: taskConfig as never,
      },
      inputs: {} as Record<string, Json>,
      dataRoot: join(path, 'data'),
      artifactRoot: join(path, 'artifacts'),
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
      ...(more as Partial<TaskRun<never>>),
    }),
    rows: async (party, reference) => parse(await text(party, reference)) as string[][],
    async temporaries() {
      const files = await readdir(path, { recursive: true });
      return files.filter((name) => name.endsWith('.tmp'));
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** What the readers of a party get of a run whose folders nobody has claimed, so that it is in clear. */
export function clearResult<T>({ partyResults }: TaskRunResult, party: string): T {
  const result: unknown = partyResults![party];
  return (result as { value: T }).value;
}
