import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { makeRunners, readScripts, taskTypes, type AllowedScripts, type TaskRunner } from '#libs/compute';
import { concurrencyOf, type AppConfig } from '#libs/platform';

/** Injects the `WorkerSettings`. */
export const WORKER_SETTINGS = Symbol('WORKER_SETTINGS');

/** Who this worker is and what it runs. */
export interface WorkerSettings {
  /** New with each start of the process. */
  readonly id: string;
  /** Tasks that run at once, by task type. */
  readonly slots: Readonly<Record<string, number>>;
  /** Runs that only wait for others, and hold no slot of their type. */
  readonly remoteSlots: number;
  readonly dataRoot: string;
  readonly artifactRoot: string;
  /** Whether `http` tasks may call private addresses. */
  readonly callsToPrivate: boolean;
  /** The commands that `script` tasks may run, by name. */
  readonly scripts: AllowedScripts;
  /** The engines. */
  readonly runners: readonly TaskRunner[];
  /** How long runs may go on after the worker was asked to stop, ms. */
  readonly drainMs: number;
}

export function workerSettings(config: AppConfig): WorkerSettings {
  const { dataRoot, artifactRoot, httpTasksToPrivate, scriptTasks, workerDrainSeconds, remoteSlots } = config;
  return {
    id: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    slots: Object.fromEntries(typesOf(config).map(({ type }) => [type, concurrencyOf(config, type)])),
    remoteSlots,
    dataRoot,
    artifactRoot,
    callsToPrivate: httpTasksToPrivate,
    scripts: readScripts(scriptTasks),
    runners: makeRunners(config),
    drainMs: workerDrainSeconds * 1_000,
  };
}

/** The task types that this worker runs. Throws when WORKER_TYPES names one that is not offered. */
export function typesOf({ workerTypes, diagnosticTasks }: AppConfig): typeof taskTypes {
  const offered = taskTypes.filter(({ type }) => type !== 'diagnostic' || diagnosticTasks);
  if (workerTypes === undefined) return offered;
  const unknown = workerTypes.filter((name) => !offered.some(({ type }) => type === name));
  if (unknown.length > 0) throw new Error(`WORKER_TYPES names what is not offered: ${unknown.join(', ')}`);
  return offered.filter(({ type }) => workerTypes.includes(type));
}
