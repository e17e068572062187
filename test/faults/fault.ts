import { availableParallelism, loadavg } from 'node:os';
import { check, type CheckOptions } from './checker.js';
import { percentile } from './random.js';
import type { BackendKind, Services } from './services.js';
import { System, type SystemOptions } from './system.js';

/** What one run of a fault is given. */
export interface Trial {
  readonly services: Services;
  /** The long form, for hours of a machine; the short one is for every change. */
  readonly long: boolean;
  readonly seed: number;
  readonly say: (words: string) => void;
}

/** How many processes share each core: what one does takes as many times longer. 1 on a quiet machine, and where nobody says. */
const crowd = (): number => Math.max(1, loadavg()[0]! / availableParallelism());

/** A bound on a time; a machine that is slower and runs other tests at once may take three times as long. */
export function within(trial: Trial, ms: number): number {
  return trial.long ? ms : 3 * crowd() * ms;
}

/**
 * What a bound on how long many things took is held against: their p99 in the long form, which has a quiet machine;
 * their median in the short one, where the slowest of some forty tells what else ran on the machine.
 */
export function judged(trial: Trial, tookMs: readonly number[]): { readonly ms: number; readonly name: string } {
  return trial.long ? { ms: percentile(tookMs, 0.99), name: 'p99' } : { ms: percentile(tookMs, 0.5), name: 'median' };
}

/** What came of it; `violations` is empty where nothing was lost. */
export interface Outcome {
  readonly rounds: number;
  readonly lost: number;
  readonly stuck: number;
  readonly doubled: number;
  readonly longestRecoveryMs: number;
  /** Of each part of the fault: its longest recovery, ms. */
  readonly recoveries?: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  readonly notes?: string;
}

/** One of the faults of the proof. */
export interface Fault {
  readonly number: number;
  readonly name: string;
  /** Where it says something: the other backend has no part in it. */
  readonly backends: readonly BackendKind[];
  /** Of these, where the short form runs; unset: all. */
  readonly shortOn?: readonly BackendKind[];
  /** Why it can't run on this machine, or false. */
  skip?(): Promise<string | false>;
  run(trial: Trial): Promise<Outcome>;
}

export const BOTH: readonly BackendKind[] = ['redis', 'postgres'];

/** The result of the fault itself; the checker adds the rest. */
export interface RoundsOutcome {
  readonly rounds: number;
  readonly acknowledged: readonly string[];
  readonly longestRecoveryMs: number;
  readonly recoveries?: Readonly<Record<string, number>>;
  readonly violations?: readonly string[];
  readonly notes?: string;
}

/** The chains of faults have such tasks alone: on PostgreSQL each other type would cost a worker a connection at every start. */
const TYPES = { WORKER_TYPES: 'diagnostic' };

/** Starts a system, lets `work` break it, checks what is left and stops it. */
export async function onSystem(
  trial: Trial,
  options: SystemOptions,
  checks: CheckOptions,
  work: (system: System) => Promise<RoundsOutcome>,
): Promise<Outcome> {
  const system = await System.start(trial.services, { ...options, env: { ...TYPES, ...options.env } });
  try {
    const { rounds, acknowledged, longestRecoveryMs, recoveries, violations = [], notes } = await work(system);
    const found = await check(system, acknowledged, checks);
    return {
      rounds,
      lost: found.lost.length,
      stuck: found.stuck.length,
      doubled: found.doubled,
      longestRecoveryMs: Math.round(longestRecoveryMs),
      ...(recoveries && { recoveries }),
      violations: [...violations, ...found.violations],
      notes,
    };
  } finally {
    await system.stop();
  }
}
