import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fill } from './made-parts.js';
import { ROOT } from './steps.js';

interface Goal {
  readonly workload: string;
  readonly words: string;
  readonly unit: string;
  readonly limit: number;
  readonly atMost: boolean;
  readonly value: number;
  readonly met: string;
}

/** What is read here of a result of the benchmark. */
interface BenchRun {
  readonly name: string;
  readonly machine: string;
  readonly quiet?: { readonly median: number; readonly max: number };
  readonly loadBefore: readonly number[];
  readonly at: string;
  readonly goals: readonly Goal[];
  readonly medians: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly contenders: readonly { readonly name: string; readonly title: string }[];
  readonly cpuOfW4: Readonly<Record<string, number>>;
  readonly own?: readonly {
    readonly figures: readonly {
      readonly id: string;
      readonly title: string;
      readonly unit: string;
      readonly values: readonly number[];
    }[];
  }[];
}

type Translate = (text: string) => string;

/** A page as it stands and as it should be. */
export interface MadePage {
  readonly path: string;
  readonly text: string;
  readonly made: string;
}

const RESULTS = 'bench/results';
const WORDS = 'docs/zh-CN/performance-words.json';
const LANGUAGES: Readonly<Record<string, Translate>> = {
  'docs/performance.md': (text) => text,
  'docs/zh-CN/performance.md': inChinese,
};
/** What the machine gives to the system; the rest is for peaks and for the tasks themselves. */
const LOAD = 0.5;
const SECONDS_A_DAY = 86_400;
const SPEEDS = ['W1', 'W2', 'W3', 'W4'];

let chinese: Record<string, string> | undefined;
const missing = new Set<string>();
function inChinese(text: string): string {
  chinese ??= JSON.parse(readFileSync(join(ROOT, WORDS), 'utf8')) as Record<string, string>;
  if (!Object.hasOwn(chinese, text)) missing.add(text);
  return chinese[text] ?? text;
}

/** Texts that the Chinese page's words lack. */
export const untranslated = (): string[] => [...missing];

/**
 * docs/performance.md and its Chinese page. Their figures are those of the newest whole run of the benchmark and the newest
 * soak, bench/results/<date>.json and <date>-soak.json.
 */
export async function performancePages(): Promise<MadePage[]> {
  const [run, soak] = [newest(/^[\d-]+\.json$/)!, newest(/-soak\.json$/)];
  const pages: MadePage[] = [];
  for (const [path, words] of Object.entries(LANGUAGES)) {
    const file = join(ROOT, path);
    const text = readFileSync(file, 'utf8');
    const parts = {
      source: sourceOf(run, path, words),
      goals: goalTable([...run.goals, ...(soak?.goals ?? [])], words),
      speeds: speedTable(run, words),
      cpu: cpuTable(run, words),
      capacity: capacityTable(run, words),
      memory: memoryTable([run, soak], words),
    };
    pages.push({ path, text, made: await fill(file, text, parts) });
  }
  return pages;
}

/** `npm run docs:performance`: writes the figures of the newest run into the pages. */
export async function writePerformancePages(): Promise<void> {
  for (const { path, text, made } of await performancePages()) {
    if (text === made) continue;
    writeFileSync(join(ROOT, path), made);
    process.stdout.write(`${path}\n`);
  }
  for (const text of untranslated()) process.stdout.write(`${WORDS} lacks: ${JSON.stringify(text)}\n`);
}

function newest(pattern: RegExp): BenchRun | undefined {
  const names = readdirSync(join(ROOT, RESULTS)).filter((name) => pattern.test(name));
  const name = names.sort().at(-1);
  return name === undefined
    ? undefined
    : { name, ...(JSON.parse(readFileSync(join(ROOT, RESULTS, name), 'utf8')) as Omit<BenchRun, 'name'>) };
}

function sourceOf({ name, machine, quiet, loadBefore, at }: BenchRun, path: string, words: Translate): string {
  const target = relative(dirname(path), `${RESULTS}/${name.replace('.json', '.md')}`);
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const rows: [string, string][] = [
    ['the run', `[${name.replace('.json', '.md')}](${target}), ${at.slice(0, 16).replace('T', ' ')} UTC`],
    ['the machine', machine],
    ['load before the start, over 1, 5 and 15 minutes', loadBefore.map((each) => each.toFixed(2)).join(', ')],
    ["other processes' share of the CPU, median turn", quiet ? percent(quiet.median) : '-'],
    ['the same, loudest turn', quiet ? percent(quiet.max) : '-'],
  ];
  return table(
    ['', ''],
    rows.map(([what, value]) => [words(what), value]),
  );
}

function goalTable(goals: readonly Goal[], words: Translate): string {
  const known = goals.filter(({ met }) => met !== 'not measured');
  const rows = known.map(({ workload, words: what, unit, limit, atMost, value, met }) => [
    `\`${workload}\``,
    words(what),
    `${atMost ? '≤' : '≥'} ${short(limit)} ${words(unit)}`,
    short(value),
    met === 'missed' ? `**${words(met)}**` : words(met),
  ]);
  return table(['workload', 'what', 'goal', 'measured', ''].map(words), rows);
}

function speedTable({ medians, contenders }: BenchRun, words: Translate): string {
  const head = [
    words('contender'),
    ...SPEEDS.map((id) => `${id}, ${id === 'W1' ? words('ms/hop') : words('tasks/s')}`),
  ];
  const rows = contenders.map(({ name, title }) => [
    words(title),
    ...SPEEDS.map((id) => {
      const median = medians[id]?.[name];
      return median === undefined ? '-' : short(median);
    }),
  ]);
  return table(head, rows);
}

/** CPU time a task by part, ms, without the benchmark's own. */
function partsOf({ cpuOfW4 }: BenchRun): Record<string, number> & { all: number } {
  const parts = Object.entries(cpuOfW4).filter(([part]) => part !== 'total');
  return { ...Object.fromEntries(parts), all: parts.reduce((sum, [, ms]) => sum + ms, 0) };
}

const perDay = (ms: number, cores: number) => (LOAD * cores * SECONDS_A_DAY * 1_000) / ms;

function cpuTable(run: BenchRun, words: Translate): string {
  const rows = Object.entries(partsOf(run)).map(([part, ms]) => [
    part === 'all' ? words('all together') : `\`${part}\``,
    ms.toFixed(3),
    round(1_000 / ms),
    round(perDay(ms, 1)),
  ]);
  return table(
    ['part', 'CPU a task, ms', 'tasks/s that a core carries', 'tasks a day, a core at half load'].map(words),
    rows,
  );
}

function capacityTable(run: BenchRun, words: Translate): string {
  const { all, postgres = 0 } = partsOf(run);
  const rows = [2, 4, 8, 16, 32].map((cores) => [
    String(cores),
    round(perDay(all, cores)),
    ((cores * postgres) / all).toFixed(1),
  ]);
  return table(['cores in all', 'tasks a day at half load', "PostgreSQL's share of the cores"].map(words), rows);
}

function memoryTable(runs: readonly (BenchRun | undefined)[], words: Translate): string {
  const figures = runs.flatMap((run) => run?.own ?? []).flatMap((outcome) => outcome.figures);
  const rows = figures
    .filter(({ unit, id }) => unit === 'MB' || /^(idle.*\.cpu|soak\.(minutes|tasks|growth))$/.test(id))
    .map(({ title, unit, values }) => [words(title), `${short(median(values))} ${words(unit)}`.trim()]);
  return table(['what', 'measured'].map(words), rows);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const short = (value: number) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
/** Two digits that count: the figure is an estimate. */
const round = (value: number) => Number(value.toPrecision(2)).toLocaleString('en');
