/** A process that runs one task and ends: its peak memory is the task's, Node included. Its one argument is a TaskOrder. */
import { runTask, TaskFailure, type Json, type TaskParams } from '#libs/compute';

/** Arguments of the process. */
export interface TaskOrder {
  readonly type: string;
  readonly taskId: string;
  readonly params: TaskParams;
  /** Results of the tasks before it. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Holds `data/<party>` and `artifacts`. */
  readonly folder: string;
}

/** Its answer, as JSON. */
export interface TaskReport {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly result?: Json;
  /** The task's own failure, where it has one. */
  readonly failure?: { readonly code: string; readonly message: string; readonly details: Json };
}

const order = JSON.parse(process.argv[2]!) as TaskOrder;
const outcome = await runTask(order.type, {
  chainId: 'bench',
  taskId: order.taskId,
  attempt: 1,
  params: order.params,
  inputs: order.inputs,
  dataRoot: `${order.folder}/data`,
  artifactRoot: `${order.folder}/artifacts`,
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
}).catch((error: unknown) => {
  if (error instanceof TaskFailure) return error;
  throw error;
});
const { user, system } = process.cpuUsage();
const report: TaskReport = {
  // From the start of the process, so that loading the code counts.
  seconds: performance.now() / 1_000,
  cpuSeconds: (user + system) / 1e6,
  peakMiB: process.resourceUsage().maxRSS / 1_024,
  ...(outcome instanceof TaskFailure
    ? { failure: { code: outcome.code, message: outcome.message, details: outcome.details } }
    : { result: outcome.result }),
};
process.stdout.write(JSON.stringify(report));
