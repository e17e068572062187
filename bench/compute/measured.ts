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

/** The results of tasks whose parties all run on one machine. */
export const ON_ONE_MACHINE = 'types.json';
/** The same cases at b160c17, before figures were kept on shares, rounded or withheld; on the machine of the newest figures. */
const BEFORE = 'types-before.json';
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

const fileOf = (name: string): string => resolve('bench', 'results', name);

/** The figures in a file of results, by type. */
export function kept<Figures>(name: string): Record<string, Figures> {
  const file = fileOf(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Figures>) : {};
}

/** Keeps a type's figures instead of its last ones. */
export function keepIn(name: string, measured: { readonly type: string }): void {
  writeFileSync(fileOf(name), `${JSON.stringify({ ...kept(name), [measured.type]: measured }, null, 2)}\n`);
}

/** Keeps these figures instead of all that were there. */
export function keepOnly(name: string, figures: object): void {
  writeFileSync(fileOf(name), `${JSON.stringify(figures, null, 2)}\n`);
}

/** Writes the tables of both pages from what is kept, in the order of the cases. */
export async function writePages(cases: readonly TypeCase[]): Promise<void> {
  const all = kept<Measured>(ON_ONE_MACHINE);
  const before = kept<Measured>(BEFORE);
  const measured = cases.flatMap(({ type, of }) => (all[type] ? [{ ...all[type], of }] : []));
  const made = PAGES.map(({ head, headBefore, language }) => {
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
    return [
      ['measured', `${machines}\n\n${tableOf(head, rows)}`],
      ['before', tableOf(headBefore, compared)],
    ] as const;
  });
  await writeMade(made);
}

/** Puts text between the marks of each page: of the English one first, then of the Chinese one. */
export async function writeMade(pages: readonly (readonly (readonly [mark: string, text: string])[])[]): Promise<void> {
  for (const [at, { path }] of PAGES.entries()) {
    const text = pages[at]!.reduce(
      (page, [mark, made]) =>
        page.replace(
          new RegExp(`<!-- made:${mark} -->[^]*?<!-- /made -->`),
          () => `<!-- made:${mark} -->\n\n${made}\n\n<!-- /made -->`,
        ),
      readFileSync(path, 'utf8'),
    );
    writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  }
}

/** A table of Markdown. */
export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
