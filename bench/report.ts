import type { Contender } from './contender.js';
import type { GoalOutcome } from './goals.js';
import type { Figure, OwnMeasurement } from './own/own.js';
import { clean, cpuOfW4, figureOf, FOREIGN, quietOf, ratioToOurs, type Results } from './results.js';
import { median, summarise } from './statistics.js';
import type { Workload } from './workloads.js';

/** The parts of a report, in order. */
export interface Measured {
  readonly contenders: readonly Contender[];
  readonly workloads: readonly Workload[];
  readonly own: readonly OwnMeasurement[];
}

/** All results as a page of Markdown. */
export function markdown(results: Results, goals: readonly GoalOutcome[], about: Measured): string {
  const measured = about.workloads.filter(({ id }) => results.samples.some(({ workload }) => workload === id));
  const sections = [
    [`# Benchmark of ${results.at.slice(0, 10)}`],
    [`\`${results.command}\`, ${results.minutes.toFixed(1)} min, from ${results.at}.`],
    [`Machine: ${results.machine}. ${quietness(results)}`],
    goalTable(goals),
    ...measured.flatMap((workload) => [
      [`## ${workload.id}: ${workload.title}`],
      peerTable(results, workload, about.contenders),
      chart(results, workload, about.contenders),
    ]),
    cpuTable(results),
    ...about.own.flatMap(({ id, title }) => ownTable(results, id, title)),
    leftOut(results),
    versions(results, about.contenders),
  ];
  return `${sections
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Whether others used the machine meanwhile. */
function quietness(results: Results): string {
  const quiet = quietOf(results);
  const load = `load before the start ${results.loadBefore.map((each) => each.toFixed(2)).join(', ')}`;
  if (quiet === undefined) return `Whether it was quiet can't be known here; ${load}.`;
  const { median: share, max, loud, turns } = quiet;
  return (
    `It was ${share <= 0.05 && loud === 0 ? 'quiet' : share <= FOREIGN ? 'nearly quiet' : 'not quiet'}: other processes took ` +
    `${percent(share)} of the CPU in the median turn, ${percent(max)} at most; ${loud} of ${turns} turns had more than ` +
    `${percent(FOREIGN)}, which count only where a contender has no other; ${load}.`
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

function goalTable(goals: readonly GoalOutcome[]): string[] {
  const known = goals.filter(({ met }) => met !== 'not measured');
  if (known.length === 0) return [];
  const row = ({ workload, words, unit, limit, atMost, value, met }: GoalOutcome): string[] => [
    workload,
    words,
    `${atMost ? 'at most' : 'at least'} ${short(limit)} ${unit}`,
    short(value),
    met === 'missed' ? '**missed**' : met,
  ];
  const count = (met: string): number => goals.filter((each) => each.met === met).length;
  return [
    `## Goals: ${count('met')} met, ${count('missed')} missed, ${count('not measured')} not measured`,
    '',
    ...table(['workload', 'what', 'goal', 'here', ''], known.map(row)),
  ];
}

function peerTable(results: Results, workload: Workload, contenders: readonly Contender[]): string[] {
  const rows = contenders.flatMap(({ name, title, durable }) => {
    const samples = clean(results.samples, workload.id, name);
    if (samples.length === 0) return [];
    const { median: middle, p25, p75, n } = summarise(samples.flatMap(({ figures }) => figures));
    const spread = `${short(p25)} to ${short(p75)}`;
    return [[title, short(middle), spread, short(ratioToOurs(results, workload.id, name)), durable, String(n)]];
  });
  const ideal = workload.idealMs === undefined ? [] : [`Its critical path takes ${workload.idealMs} ms.`, ''];
  return [...ideal, ...table(['contender', workload.unit, 'middle half', 'time, of ours', 'durable', 'runs'], rows)];
}

/** Bars of the medians, as Mermaid draws them. */
function chart(results: Results, workload: Workload, contenders: readonly Contender[]): string[] {
  const bars = contenders
    .map(({ name }) => ({ name, value: figureOf(results, workload.id, name) }))
    .filter(({ value }) => !Number.isNaN(value));
  if (bars.length < 2) return [];
  return [
    '```mermaid',
    'xychart-beta horizontal',
    `  title "${workload.id}, ${workload.unit}"`,
    `  x-axis [${bars.map(({ name }) => `"${name}"`).join(', ')}]`,
    `  y-axis "${workload.unit}" 0 --> ${plain(Math.max(...bars.map(({ value }) => value)) * 1.05)}`,
    `  bar [${bars.map(({ value }) => plain(value)).join(', ')}]`,
    '```',
  ];
}

function cpuTable(results: Results): string[] {
  const { total, ...parts } = cpuOfW4(results);
  if (total === undefined) return [];
  const known = Object.values(parts).reduce((sum, each) => sum + each, 0);
  const rows = Object.entries({ ...parts, 'the client': total - known, 'all together': total });
  return [
    '## CPU time a task in W4',
    '',
    ...table(
      ['part', 'ms'],
      rows.map(([part, ms]) => [part, ms.toFixed(3)]),
    ),
  ];
}

function ownTable({ own }: Results, id: string, title: string): string[][] {
  const outcome = own.find((each) => each.id === id);
  if (outcome === undefined || outcome.figures.length === 0) return [];
  const row = ({ title: what, unit, values }: Figure): string[] => [
    what,
    `${short(median(values))} ${unit}`,
    values.length > 1 ? `${short(Math.min(...values))} to ${short(Math.max(...values))}` : '',
    String(values.length),
  ];
  return [[`## ${id}: ${title}`, '', ...table(['what', 'median', 'from, to', 'values'], outcome.figures.map(row))]];
}

function leftOut({ troubles, own }: Results): string[] {
  const all = [
    ...Object.entries(troubles),
    ...own.flatMap(({ id, trouble }) => (trouble === undefined ? [] : [[id, trouble] as const])),
  ];
  const line = ([name, words]: readonly [string, string]): string => `- ${name}: ${words.trim().split('\n')[0]}`;
  return all.length === 0 ? [] : ['## Left out', '', ...all.map(line)];
}

function versions({ versions: of }: Results, contenders: readonly Contender[]): string[] {
  const known = contenders.filter(({ name }) => name in of);
  const rows = known.map(({ name, title }) => [name, title, of[name]!]);
  return rows.length === 0 ? [] : ['## Who ran', '', ...table(['name', 'what', 'version'], rows)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Three significant digits, thousands with a comma. */
function short(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return plain(value);
}

const plain = (value: number): string => String(Number(value.toPrecision(3)));
