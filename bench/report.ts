import type { Contender } from './contender.js';
import type { Outcome, Sample } from './rounds.js';
import { median, summarise, type Summary } from './statistics.js';
import type { Workload } from './workloads.js';

export interface Results extends Outcome {
  readonly at: string;
  readonly machine: string;
}

/** Samples with more foreign load than this are left out, as long as others are there. */
const FOREIGN = 0.15;

/** The samples of one workload and contender that count. */
function clean(samples: readonly Sample[], workload: string, contender: string): Sample[] {
  const all = samples.filter((sample) => sample.workload === workload && sample.contender === contender);
  const quiet = all.filter(({ foreign = 0 }) => foreign <= FOREIGN);
  return quiet.length > 0 ? quiet : all;
}

/** All results as a page of Markdown. */
export function markdown(results: Results, contenders: readonly Contender[], workloads: readonly Workload[]): string {
  const lines = [`# Benchmark of ${results.at.slice(0, 10)}`, '', results.machine, ''];
  const measured = workloads.filter(({ id }) => results.samples.some(({ workload }) => workload === id));
  for (const workload of measured) {
    lines.push(
      `## ${workload.id}: ${workload.title}`,
      '',
      `| contender | ${workload.unit} | middle half | times ours | runs |`,
      '|---|---|---|---|---|',
    );
    for (const { name, title } of contenders) {
      const samples = clean(results.samples, workload.id, name);
      if (samples.length === 0) continue;
      const summary = summarise(samples.flatMap(({ figures }) => figures));
      const ratio = ratioToOurs(results.samples, workload.id, name);
      lines.push(`| ${title} | ${short(summary.median)} | ${spread(summary)} | ${short(ratio)} | ${summary.n} |`);
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

/** Wall time over ours in the same round, the median of all rounds: above 1 is slower than ours. */
function ratioToOurs(samples: readonly Sample[], workload: string, contender: string): number {
  const ours = clean(samples, workload, 'ours');
  const time = ({ runs }: Sample): number => median(runs.map(({ ms }) => ms));
  const ratios = clean(samples, workload, contender).flatMap((sample) => {
    const same = ours.find(({ round }) => round === sample.round);
    return same === undefined ? [] : [time(sample) / time(same)];
  });
  return median(ratios);
}

function spread({ p25, p75 }: Summary): string {
  return `${short(p25)} to ${short(p75)}`;
}

/** Three significant digits, thousands with a comma. */
function short(value: number): string {
  if (Number.isNaN(value)) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
