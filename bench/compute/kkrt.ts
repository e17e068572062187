import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Figure, Place } from '../own/own.js';
import { runApart } from './run-apart.js';
import { writeTable } from './tables.js';

interface Way {
  readonly engine: 'native' | 'secretflow';
  readonly protocol: string;
}

const KKRT: Way = { engine: 'native', protocol: 'KKRT_PSI_2PC' };
const SPU_ECDH: Way = { engine: 'secretflow', protocol: 'ECDH_PSI_2PC' };
/** One after the other in the same run. */
const WAYS: readonly Way[] = [
  KKRT,
  { engine: 'native', protocol: 'ECDH_PSI_2PC' },
  SPU_ECDH,
  { engine: 'secretflow', protocol: 'KKRT_PSI_2PC' },
];

/** The Python of an environment with SPU. Without one native is measured alone, and not against it. */
const python = process.env['SECRETFLOW_PYTHON'];

/** PSI of two tables of so many rows by KKRT, and beside it by ECDH and on SPU: seconds and CPU, starts included. */
export async function kkrtFigures({ say }: Place, root: string, rows: number): Promise<Figure[]> {
  const folder = join(root, `kkrt.${rows}`);
  await writeTable(`${folder}/data/alice/table.csv`, { rows, columns: [0, 9] });
  await writeTable(`${folder}/data/bob/table.csv`, { rows, columns: [9, 18], firstKey: rows / 2 });
  const paths = { alice: 'table.csv', bob: 'table.csv' };
  const title = `PSI of ${rows.toLocaleString('en')} x ${rows.toLocaleString('en')} rows`;
  const figures: Figure[] = [];
  const cpuOf = new Map<Way, number>();
  for (const way of WAYS.filter(({ engine }) => engine === 'native' || python !== undefined)) {
    const { engine, protocol } = way;
    const { failure, seconds, cpuSeconds, peakMiB } = await runApart({
      ...{ type: 'psi', taskId: `${engine}-${protocol.slice(0, 4)}`.toLowerCase(), inputs: {}, folder, engine },
      ...{ parties: ['alice', 'bob'], engines: { secretflowPython: python } },
      config: { keys: { alice: ['id'], bob: ['id'] }, input_paths: paths, protocol },
    });
    if (failure) throw new Error(`${title} by ${protocol} on ${engine}: ${failure.message}`);
    cpuOf.set(way, cpuSeconds);
    say(`${title}, ${engine} ${protocol}: ${cpuSeconds.toFixed(1)} s of CPU, ${seconds.toFixed(1)} s`);
    const figure = (name: string, what: string, unit: string, value: number): Figure => ({
      id: `W9.psi.${rows}.${engine}.${protocol}.${name}`,
      title: `${title}, ${engine} ${protocol}${what}`,
      unit,
      values: [value],
    });
    figures.push(figure('seconds', '', 's', seconds), figure('cpu', ': CPU', 's', cpuSeconds));
    figures.push(figure('memory', ': peak memory of its processes', 'MiB', peakMiB));
  }
  await rm(folder, { recursive: true });
  const ratio = cpuOf.get(KKRT)! / (cpuOf.get(SPU_ECDH) ?? NaN);
  if (Number.isNaN(ratio)) return figures;
  const what = "native KKRT: CPU, of SPU's ECDH";
  return [...figures, { id: `W9.psi.${rows}.kkrt`, title: `${title}, ${what}`, unit: 'times', values: [ratio] }];
}
