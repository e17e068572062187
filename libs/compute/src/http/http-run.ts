import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import type * as Call from './call.js';
import { DEFAULT_TIMEOUT_MS, type HttpConfig } from './http-config.js';

const call: PartyUrl<typeof Call> = new URL('./call.js', import.meta.url);

/** Runs `http`, in a process: headers may hold secrets. */
export async function runHttp(run: TaskRun<HttpConfig>): Promise<TaskRunResult> {
  const { url, method, headers, body, expect_status: expected, timeout_ms: timeoutMs } = run.params.task_config;
  const args: Call.CallArgs = {
    url,
    method: method ?? 'GET',
    headers: headers ?? {},
    body: body === undefined ? null : typeof body === 'string' ? { text: body } : { json: body },
    expected: expected ?? null,
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    idempotencyKey: `${run.requestId}.${run.attempt}`,
    toPrivate: run.callsToPrivate ?? false,
  };
  const { neutral } = await runParties({ program: call, parties: {}, neutral: { program: call, args }, run });
  return { result: { ...neutral!.value }, artifacts: [] };
}
