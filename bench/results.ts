import type { OwnOutcome } from './own/own.js';
import type { Outcome, Sample } from './rounds.js';
import { median } from './statistics.js';

/** Whether others used the machine during a run. */
export interface Quiet {
  /** How many measurements could tell. */
  readonly turns: number;
  /** Share of the CPU that other processes took, in the median turn and in the loudest. */
  readonly median: number;
  readonly max: number;
  /** Turns in which it was too much. */
  readonly loud: number;
}

/** All that one run of the benchmark has to say. */
export interface Results extends Outcome {
  readonly at: string;
  /** The command's own words, to run it again. */
  readonly command: string;
  readonly machine: string;
  readonly minutes: number;
  /** Load averages over 1, 5 and 15 minutes before the start. */
  readonly loadBefore: readonly number[];
  readonly own: readonly OwnOutcome[];
}

/** Samples with more foreign load than this are left out, as long as others are there. */
export const FOREIGN = 0.15;

/** The samples of one workload and contender that count. */
export function clean(samples: readonly Sample[], workload: string, contender: string): Sample[] {
  const all = samples.filter((sample) => sample.workload === workload && sample.contender === contender);
  const quiet = all.filter(({ foreign = 0 }) => foreign <= FOREIGN);
  return quiet.length > 0 ? quiet : all;
}

/** Median of one contender's figures in one workload; NaN of none. */
export function figureOf({ samples }: Outcome, workload: string, contender: string): number {
  return median(clean(samples, workload, contender).flatMap(({ figures }) => figures));
}

/** Wall time over ours on that backend in the same round, the median of all rounds: above 1 is slower than ours. NaN where one has none. */
export function ratioToOurs({ samples }: Outcome, workload: string, contender: string, own = 'ours'): number {
  const ours = clean(samples, workload, own);
  const time = ({ runs }: Sample): number => median(runs.map(({ ms }) => ms));
  const ratios = clean(samples, workload, contender).flatMap((sample) => {
    const same = ours.find(({ round }) => round === sample.round);
    return same === undefined ? [] : [time(sample) / time(same)];
  });
  return median(ratios);
}

/** CPU time a task in W4 by part of a contender, and of all with the client, ms. */
export function cpuOfW4({ samples }: Outcome, contender = 'ours'): Readonly<Record<string, number>> {
  const all = clean(samples, 'W4', contender).flatMap(({ cpuPerTask }) =>
    cpuPerTask === undefined ? [] : [cpuPerTask],
  );
  const parts = Object.keys(all[0] ?? {});
  return Object.fromEntries(parts.map((part) => [part, median(all.map((each) => each[part]!))]));
}

/** Median of a figure of our system alone; NaN where it was not measured. */
export function ownFigure({ own }: Results, id: string): number {
  return median(own.flatMap(({ figures }) => figures).find((each) => each.id === id)?.values ?? []);
}

/** How quiet the machine was; undefined where that can't be known. */
export function quietOf({ samples, own }: Results): Quiet | undefined {
  const shares = [...samples, ...own].flatMap(({ foreign }) => foreign ?? []);
  if (shares.length === 0) return undefined;
  const loud = shares.filter((each) => each > FOREIGN).length;
  return { turns: shares.length, median: median(shares), max: Math.max(...shares), loud };
}

/** Medians of all runs that count, by workload and contender. */
export function mediansOf(results: Outcome): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const of = (key: 'workload' | 'contender'): string[] => [...new Set(results.samples.map((sample) => sample[key]))];
  return Object.fromEntries(
    of('workload').map((workload) => {
      const figures = of('contender').map((contender) => [contender, figureOf(results, workload, contender)] as const);
      return [workload, Object.fromEntries(figures.filter(([, figure]) => !Number.isNaN(figure)))];
    }),
  );
}
