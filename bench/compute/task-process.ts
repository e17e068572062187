/**
 * A process that runs one task and ends: its processor time and memory are the task's, with the processes of its parties. Its one
 * argument is a TaskOrder.
 */
import { readFileSync } from 'node:fs';
import {
  makeRunners,
  runTask,
  TaskFailure,
  type EngineSettings,
  type Json,
  type TaskParams,
  type TaskRun,
} from '#libs/compute';

/** Arguments of the process. */
export interface TaskOrder {
  readonly type: string;
  readonly taskId: string;
  readonly params: TaskParams;
  /** Results of the tasks before it. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Holds `data/<party>` and `artifacts`. */
  readonly folder: string;
  /** What other engines than native are made of. */
  readonly engines?: EngineSettings;
}

/** Its answer, as JSON. */
export interface TaskReport {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly result?: Json;
  /** In clear, as nobody has claimed the folders. */
  readonly partyResults?: Json;
  /** The task's own failure, where it has one. */
  readonly failure?: { readonly code: string; readonly message: string; readonly details: Json };
}

const WATCH_EVERY_MS = 50;
const PAGE_MIB = 4_096 / 1_048_576;
/** What the kernel counts time in, as Linux shows it to programs. */
const TICKS_PER_SECOND = 100;

const isLinux = process.platform === 'linux';

/** Resident memory of this process and of those that it started, MiB. 0 where there is no /proc: then this process alone is measured. */
function residentMiB(): number {
  if (!isLinux) return 0;
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ').filter(Boolean);
  return ['self', ...children].reduce((sum, pid) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_MIB;
    } catch {
      return sum; // It has ended.
    }
  }, 0);
}

/** Processor time of the processes that this one started and that have ended. 0 where there is no /proc. */
function childCpuSeconds(): number {
  if (!isLinux) return 0;
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

let peakMiB = 0;
const watch = setInterval(() => (peakMiB = Math.max(peakMiB, residentMiB())), WATCH_EVERY_MS);
const order = JSON.parse(process.argv[2]!) as TaskOrder;
const run: TaskRun = {
  chainId: 'bench',
  requestId: 'bench',
  taskId: order.taskId,
  attempt: 1,
  params: order.params,
  inputs: order.inputs,
  dataRoot: `${order.folder}/data`,
  artifactRoot: `${order.folder}/artifacts`,
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
};
const runners = makeRunners(order.engines ?? {});
const outcome = await runTask(order.type, run, runners).catch((error: unknown) => {
  if (error instanceof TaskFailure) return error;
  throw error;
});
clearInterval(watch);
const { user, system } = process.cpuUsage();
const report: TaskReport = {
  // From the start of the process, so that loading the code counts.
  seconds: performance.now() / 1_000,
  cpuSeconds: (user + system) / 1e6 + childCpuSeconds(),
  peakMiB: Math.max(peakMiB, process.resourceUsage().maxRSS / 1_024),
  ...(outcome instanceof TaskFailure
    ? { failure: { code: outcome.code, message: outcome.message, details: outcome.details } }
    : { result: outcome.result, partyResults: (outcome.partyResults ?? {}) as Json }),
};
process.stdout.write(JSON.stringify(report));
