import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { TypeCase } from './case.js';

/** What a task type came to. */
export interface Measured {
  readonly type: string;
  readonly parties: number;
  /** Of each party. */
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly figure: string;
  readonly at: string;
  readonly machine: string;
  /** Load average of the last minute before it began. */
  readonly load: number;
}

const FILE = resolve('bench', 'results', 'types.json');
const PAGES = [
  {
    path: resolve('docs', 'tasks', 'measurements.md'),
    head: ['type', 'parties', 'rows of each', 's', 's of CPU', 'peak MiB', 'accuracy', 'load', 'on'],
    language: 0,
  },
  {
    path: resolve('docs', 'zh-CN', 'tasks', 'measurements.md'),
    head: ['类型', '参与方', '每方行数', '秒', 'CPU 秒', '峰值 MiB', '准确度', '负载', '日期'],
    language: 1,
  },
] as const;

function kept(): Record<string, Measured> {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Measured>) : {};
}

/** Keeps a type's figures instead of its last ones. */
export function keepMeasured(measured: Measured): void {
  writeFileSync(FILE, `${JSON.stringify({ ...kept(), [measured.type]: measured }, null, 2)}\n`);
}

/** Writes the tables of both pages from what is kept, in the order of the cases. */
export async function writePages(cases: readonly TypeCase[]): Promise<void> {
  const all = kept();
  const measured = cases.flatMap(({ type, of }) => (all[type] ? [{ ...all[type], of }] : []));
  for (const { path, head, language } of PAGES) {
    const rows = measured.map(({ type, parties, rows: count, seconds, cpuSeconds, peakMiB, figure, of, load, at }) => [
      `[\`${type}\`](${type}.md)`,
      String(parties),
      count.toLocaleString('en'),
      seconds.toFixed(1),
      cpuSeconds.toFixed(1),
      peakMiB.toFixed(0),
      `${figure}: ${of[language]}`,
      load.toFixed(1),
      at.slice(0, 10),
    ]);
    const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
    const machines = [...new Set(measured.map(({ machine }) => machine))].join('; ');
    const made = `<!-- made:measured -->\n\n${machines}\n\n${lines.join('\n')}\n\n<!-- /made -->`;
    const text = readFileSync(path, 'utf8').replace(/<!-- made:measured -->[^]*<!-- \/made -->/, () => made);
    writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  }
}
