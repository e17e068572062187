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
/** The same cases at b160c17, before figures were kept on shares, rounded or withheld; on the machine of the newest figures. */
const BEFORE = resolve('bench', 'results', 'types-before.json');
const PAGES = [
  {
    path: resolve('docs', 'tasks', 'measurements.md'),
    head: ['type', 'parties', 'rows of each', 's', 's of CPU', 'peak MiB', 'accuracy', 'load', 'on'],
    headBefore: ['type', 's', 's now', 's of CPU', 's of CPU now', 'accuracy', 'accuracy now'],
    language: 0,
  },
  {
    path: resolve('docs', 'zh-CN', 'tasks', 'measurements.md'),
    head: ['类型', '参与方', '每方行数', '秒', 'CPU 秒', '峰值 MiB', '准确度', '负载', '日期'],
    headBefore: ['类型', '秒', '现在的秒', 'CPU 秒', '现在的 CPU 秒', '准确度', '现在的准确度'],
    language: 1,
  },
] as const;

function kept(file = FILE): Record<string, Measured> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Measured>) : {};
}

/** Keeps a type's figures instead of its last ones. */
export function keepMeasured(measured: Measured): void {
  writeFileSync(FILE, `${JSON.stringify({ ...kept(), [measured.type]: measured }, null, 2)}\n`);
}

/** Writes the tables of both pages from what is kept, in the order of the cases. */
export async function writePages(cases: readonly TypeCase[]): Promise<void> {
  const all = kept();
  const before = kept(BEFORE);
  const measured = cases.flatMap(({ type, of }) => (all[type] ? [{ ...all[type], of }] : []));
  for (const { path, head, headBefore, language } of PAGES) {
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
    const compared = measured.flatMap(({ type, seconds, cpuSeconds, figure }) => {
      const was = before[type];
      if (was === undefined) return [];
      const spent = [was.seconds, seconds, was.cpuSeconds, cpuSeconds].map((each) => each.toFixed(1));
      return [[`[\`${type}\`](${type}.md)`, ...spent, was.figure, figure]];
    });
    const machines = [...new Set(measured.map(({ machine }) => machine))].join('; ');
    const text = [
      ['measured', `${machines}\n\n${tableOf(head, rows)}`] as const,
      ['before', tableOf(headBefore, compared)] as const,
    ].reduce(
      (page, [name, made]) =>
        page.replace(
          new RegExp(`<!-- made:${name} -->[^]*?<!-- /made -->`),
          () => `<!-- made:${name} -->\n\n${made}\n\n<!-- /made -->`,
        ),
      readFileSync(path, 'utf8'),
    );
    writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  }
}

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
