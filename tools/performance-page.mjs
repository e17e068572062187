// docs/performance.md and docs/zh-CN/performance.md: their figures are made here from the newest whole run of the benchmark
// and the newest soak, bench/results/<date>.json and <date>-soak.json.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fill } from './made-parts.mjs';
import { ROOT } from './steps.mjs';

const RESULTS = 'bench/results';
const WORDS = 'docs/zh-CN/performance-words.json';
const LANGUAGES = { 'docs/performance.md': (text) => text, 'docs/zh-CN/performance.md': inChinese };
/** What the machine gives to the system; the rest is for peaks and for the tasks themselves. */
const LOAD = 0.5;
const SECONDS_A_DAY = 86_400;
const SPEEDS = ['W1', 'W2', 'W3', 'W4'];

let chinese;
const missing = new Set();
function inChinese(text) {
  chinese ??= JSON.parse(readFileSync(join(ROOT, WORDS), 'utf8'));
  if (!Object.hasOwn(chinese, text)) missing.add(text);
  return chinese[text] ?? text;
}

/** Texts that the Chinese page's words lack. */
export const untranslated = () => [...missing];

/** Both pages, as they stand and as they should be. */
export async function performancePages() {
  const [run, soak] = [newest(/^[\d-]+\.json$/), newest(/-soak\.json$/)];
  const pages = [];
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

function newest(pattern) {
  const names = readdirSync(join(ROOT, RESULTS)).filter((name) => pattern.test(name));
  const name = names.sort().at(-1);
  return name && { name, ...JSON.parse(readFileSync(join(ROOT, RESULTS, name), 'utf8')) };
}

function sourceOf({ name, machine, quiet, loadBefore, at }, path, words) {
  const target = relative(dirname(path), `${RESULTS}/${name.replace('.json', '.md')}`);
  const percent = (share) => `${Math.round(share * 100)} %`;
  const rows = [
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

function goalTable(goals, words) {
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

function speedTable({ medians, contenders }, words) {
  const head = [
    words('contender'),
    ...SPEEDS.map((id) => `${id}, ${id === 'W1' ? words('ms/hop') : words('tasks/s')}`),
  ];
  const rows = contenders.map(({ name, title }) => [
    words(title),
    ...SPEEDS.map((id) => (medians[id]?.[name] === undefined ? '-' : short(medians[id][name]))),
  ]);
  return table(head, rows);
}

/** CPU time a task by part, ms, without the benchmark's own. */
function partsOf({ cpuOfW4 }) {
  const parts = Object.entries(cpuOfW4).filter(([part]) => part !== 'total');
  return { ...Object.fromEntries(parts), all: parts.reduce((sum, [, ms]) => sum + ms, 0) };
}

const perDay = (ms, cores) => (LOAD * cores * SECONDS_A_DAY * 1_000) / ms;

function cpuTable(run, words) {
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

function capacityTable(run, words) {
  const { all, postgres } = partsOf(run);
  const rows = [2, 4, 8, 16, 32].map((cores) => [
    String(cores),
    round(perDay(all, cores)),
    ((cores * postgres) / all).toFixed(1),
  ]);
  return table(['cores in all', 'tasks a day at half load', "PostgreSQL's share of the cores"].map(words), rows);
}

function memoryTable(runs, words) {
  const figures = runs.flatMap((run) => run?.own ?? []).flatMap((outcome) => outcome.figures);
  const rows = figures
    .filter(({ unit, id }) => unit === 'MB' || /^(idle.*\.cpu|soak\.(minutes|tasks|growth))$/.test(id))
    .map(({ title, unit, values }) => [words(title), `${short(median(values))} ${words(unit)}`.trim()]);
  return table(['what', 'measured'].map(words), rows);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const short = (value) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
/** Two digits that count: the figure is an estimate. */
const round = (value) => Number(value.toPrecision(2)).toLocaleString('en');
