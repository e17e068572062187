import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineSettings, Json } from '#libs/compute';
import { describeMachine } from '../machine.js';
import { Outcome, type Paths, type TypeCase } from './case.js';
import type { Measured } from './measured.js';
import { runApart } from './run-apart.js';
import type { TaskReport } from './task-process.js';
import { writeTable } from './tables.js';

/** What runs a case, by default native. */
interface By {
  /** Of the task: at a fleet another has another. */
  readonly taskId: string;
  readonly engine: string;
  /** Of the folder of the parties' tables. */
  readonly enginesAt: (dataRoot: string) => EngineSettings;
  /** More of its parameters. */
  readonly config: object;
}

/** Makes the tables of a case, runs it in a separate process, and compares it with plain arithmetic. */
export async function measureType(typeCase: TypeCase, by?: By): Promise<Measured> {
  const { type, tables, figure } = typeCase;
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  try {
    const { config, inputs, before } = await tablesOf(typeCase, folder);
    const parties = Object.keys(tables);
    const load = loadavg()[0]!;
    const report = await runApart({
      ...{ type, taskId: by?.taskId ?? 'task', inputs, folder, parties, config: { ...config, ...by?.config } },
      ...(by && { engine: by.engine, engines: by.enginesAt(join(folder, 'data')) }),
    });
    if (report.failure && type !== 'validation') throw new Error(`${type}: ${report.failure.message}`);
    return {
      type,
      parties: parties.length,
      rows: tables[parties[0]!]!.rows,
      seconds: report.seconds,
      cpuSeconds: report.cpuSeconds,
      peakMiB: report.peakMiB,
      figure: await figure(new Outcome(report, before, folder)),
      at: new Date().toISOString(),
      machine: describeMachine(),
      load,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Prepared {
  readonly config: object;
  readonly inputs: Readonly<Record<string, Json>>;
  /** What the task before it came to. */
  readonly before: TaskReport | undefined;
}

/** Makes the tables of a case in a folder, and runs the task before it. */
export async function tablesOf({ tables, policy, before, config }: TypeCase, folder: string): Promise<Prepared> {
  const parties = Object.keys(tables);
  const pathsOf = (name: string): Paths => Object.fromEntries(parties.map((party) => [party, name]));
  const isOther = before?.rows !== undefined;
  for (const party of parties) {
    await writeTable(`${folder}/data/${party}/table.csv`, tables[party]!);
    if (isOther) await writeTable(`${folder}/data/${party}/before.csv`, { ...tables[party]!, rows: before.rows! });
    if (policy) await writeFile(`${folder}/data/${party}/.policy.json`, JSON.stringify(policy));
  }
  const paths = pathsOf('table.csv');
  if (!before) return { config: config(paths), inputs: {}, before: undefined };
  const first = await runApart({
    type: before.type,
    taskId: 'before',
    inputs: {},
    folder,
    parties,
    config: before.config(isOther ? pathsOf('before.csv') : paths),
  });
  const inputs: Record<string, Json> = first.result === undefined ? {} : { before: first.result };
  return { config: config(paths, first.result), inputs, before: first };
}
