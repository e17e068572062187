import { setTimeout as wait } from 'node:timers/promises';
import type { PartyUrl } from '../party/party-program.js';
import type { DiagnosticConfig } from './diagnostic-config.js';
import type * as Burn from './burn.js';
import type * as WriteArtifact from './write-artifact.js';
import {
  TaskFailure,
  type Artifact,
  type Json,
  type JsonObject,
  type TaskRun,
  type TaskRunResult,
} from '../contract/task-type.js';

const burn: PartyUrl<typeof Burn> = new URL('./burn.js', import.meta.url);
const writeArtifact: PartyUrl<typeof WriteArtifact> = new URL('./write-artifact.js', import.meta.url);

const PROGRESS_EVERY_MS = 900;
/** Most of a result that the inputs may take. */
const MAX_INPUTS_BYTES = 32 * 1024;

/** Runs `diagnostic`. Without delay and CPU time it is one function call: no timer, no process. */
export async function runDiagnostic(run: TaskRun<DiagnosticConfig>): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const { delay_ms: delay = 0, cpu_ms: cpu = 0, progress_steps: steps = 0 } = config;
  const { secret } = config;
  if (secret !== undefined) {
    run.progress(0, `with ${secret}`);
    run.log('info', `with ${secret}`);
  }
  const share = delay / (delay + cpu || 1);
  if (delay > 0) await waitFor(run, delay, steps, share);
  else for (let step = 1; step <= steps; step += 1) run.progress(step / steps, `step ${step} of ${steps}`);
  if (cpu > 0) {
    const { runParties } = await import('../party/run-parties.js');
    await runParties({
      program: burn,
      parties: {},
      neutral: { program: burn, args: { cpu_ms: cpu } },
      run: { ...run, progress: (fraction, stage) => run.progress(share + (1 - share) * fraction, stage) },
    });
  }
  if (run.attempt <= (config.fail_attempts ?? 0)) {
    throw new TaskFailure(
      config.error_code ?? 'TASK_ERROR',
      `Attempt ${run.attempt} failed as its parameters ask; the first ${config.fail_attempts} do${secret === undefined ? '' : `, with ${secret}`}.`,
      true,
    );
  }
  const result: Json = config.result ?? (config.result_bytes === undefined ? null : 'x'.repeat(config.result_bytes));
  return {
    result: {
      task_id: run.taskId,
      attempt: run.attempt,
      ...inputsOf(run),
      result,
      ...(secret !== undefined && { secret }),
    },
    artifacts: config.artifact === undefined ? [] : await artifactOf(run, config.artifact),
  };
}

async function artifactOf(run: TaskRun<DiagnosticConfig>, wanted: string): Promise<readonly Artifact[]> {
  const { runParties } = await import('../party/run-parties.js');
  const name = `diagnostic-${wanted}`.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 128);
  const neutral = { program: writeArtifact, args: { name }, keepsFiles: true };
  return (await runParties({ program: writeArtifact, parties: {}, neutral, run })).artifacts;
}

async function waitFor(run: TaskRun<DiagnosticConfig>, delay: number, steps: number, share: number): Promise<void> {
  const pause = Math.max(1, Math.min(PROGRESS_EVERY_MS, steps > 0 ? delay / steps : delay));
  const start = performance.now();
  for (let waited = 0; waited < delay; waited = performance.now() - start) {
    if (waited > 0) run.progress((share * waited) / delay, 'waiting');
    await wait(Math.min(pause, delay - waited), undefined, { signal: run.signal }).catch((error: unknown) => {
      run.signal.throwIfAborted();
      throw error;
    });
  }
  run.progress(share, 'waited');
}

/**
 * The parents' results without their own `inputs`: a result that held all results before it would outgrow its limits
 * a few tasks down a chain. Too many parents to fit are counted instead.
 */
function inputsOf(run: TaskRun<DiagnosticConfig>): JsonObject {
  const inputs: JsonObject = {};
  for (const [taskId, input] of Object.entries(run.inputs)) {
    if (input === null || typeof input !== 'object' || Array.isArray(input)) inputs[taskId] = input;
    else inputs[taskId] = Object.fromEntries(Object.entries(input).filter(([key]) => !key.startsWith('inputs')));
  }
  if (Buffer.byteLength(JSON.stringify(inputs)) <= MAX_INPUTS_BYTES) return { inputs };
  return { inputs: {}, inputs_omitted: Object.keys(inputs).length };
}
