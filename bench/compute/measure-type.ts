import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '#libs/compute';
import { describeMachine } from '../machine.js';
import { Outcome, type Paths, type TypeCase } from './case.js';
import type { Measured } from './measured.js';
import { runApart } from './run-apart.js';
import { writeTable } from './tables.js';

/** Makes the tables of a case, runs it in a separate process, and compares it with plain arithmetic. */
export async function measureType({ type, tables, policy, before, config, figure }: TypeCase): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  try {
    const parties = Object.keys(tables);
    const paths: Paths = Object.fromEntries(parties.map((party) => [party, 'table.csv']));
    const pathsBefore =
      before?.rows === undefined ? paths : Object.fromEntries(parties.map((party) => [party, 'before.csv']));
    for (const party of parties) {
      await writeTable(`${folder}/data/${party}/table.csv`, tables[party]!);
      if (before?.rows !== undefined)
        await writeTable(`${folder}/data/${party}/before.csv`, { ...tables[party]!, rows: before.rows });
      if (policy) await writeFile(`${folder}/data/${party}/.policy.json`, JSON.stringify(policy));
    }
    const first =
      before &&
      (await runApart({
        type: before.type,
        taskId: 'before',
        inputs: {},
        folder,
        parties,
        config: before.config(pathsBefore),
      }));
    const load = loadavg()[0]!;
    const inputs: Record<string, Json> = first?.result === undefined ? {} : { before: first.result };
    const report = await runApart({
      type,
      taskId: 'task',
      inputs,
      folder,
      parties,
      config: config(paths, first?.result),
    });
    if (report.failure && type !== 'validation') throw new Error(`${type}: ${report.failure.message}`);
    return {
      type,
      parties: parties.length,
      rows: tables[parties[0]!]!.rows,
      seconds: report.seconds,
      cpuSeconds: report.cpuSeconds,
      peakMiB: report.peakMiB,
      figure: await figure(new Outcome(report, first, folder)),
      at: new Date().toISOString(),
      machine: describeMachine(),
      load,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
