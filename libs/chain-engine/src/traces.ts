import type { DoneReport, TaskJob } from '#libs/queues';
import { failed, isTracing, SpanKind, startSpan, traceparentOf, within } from '#libs/tracing';

/** Sends jobs; those of traced chains with a span each, below which their runs stand. */
export async function tracedSend(
  jobs: readonly TaskJob[],
  send: (jobs: readonly TaskJob[]) => Promise<void>,
): Promise<void> {
  if (!isTracing()) return send(jobs);
  const spans = jobs.map((job) =>
    job.traceparent === undefined
      ? undefined
      : startSpan(`send ${job.taskType}`, {
          kind: SpanKind.PRODUCER,
          parent: job.traceparent,
          attributes: { ...of(job), 'messaging.system': 'bullmq', 'messaging.operation.type': 'send' },
        }),
  );
  try {
    await send(jobs.map((job, i) => (spans[i] === undefined ? job : { ...job, traceparent: traceparentOf(spans[i]) })));
  } catch (error) {
    for (const span of spans) failed(span, 'SEND_FAILED');
    throw error;
  } finally {
    for (const span of spans) span?.end();
  }
}

/**
 * Applies a batch of reports in one span, linked with each reported run: they belong to many traces. In the trace of
 * each chain, a span below the run shows when its report was stored.
 */
export async function tracedApply(reports: readonly DoneReport[], apply: () => Promise<void>): Promise<void> {
  if (!isTracing()) return apply();
  const batch = startSpan('apply reports', {
    kind: SpanKind.CONSUMER,
    links: reports.map(({ traceparent }) => traceparent),
    attributes: { 'messaging.batch.message_count': reports.length },
  });
  const spans = reports.map((report) =>
    report.traceparent === undefined
      ? undefined
      : startSpan(`apply ${report.kind}`, {
          kind: SpanKind.CONSUMER,
          parent: report.traceparent,
          links: [traceparentOf(batch)],
          attributes: of(report),
        }),
  );
  try {
    await within(batch, apply);
  } catch (error) {
    for (const span of [batch, ...spans]) failed(span, 'NOT_STORED');
    throw error;
  } finally {
    for (const span of [...spans, batch]) span?.end();
  }
}

function of({ chainId, taskId, attempt }: { chainId: string; taskId: string; attempt: number }) {
  return { 'taskchain.chain.id': chainId, 'taskchain.task.id': taskId, 'taskchain.task.attempt': attempt };
}
