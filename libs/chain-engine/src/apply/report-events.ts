import type { DoneReport, NoteOf } from '#libs/queues';
import type { Incoming } from './decide-chain.js';

/** The event of `decide()` that each end of a run is. */
export const EVENT_OF = { succeeded: 'TaskSucceeded', failed: 'TaskFailed', released: 'TaskLost' } as const;

/** The event of a report of lane `done`, with what is stored beside it. */
export function doneEvent(report: DoneReport, position: number): Incoming {
  const { attempt, runId, workerId, elapsedMs } = report;
  const run = { position, attempt, runId };
  switch (report.kind) {
    case 'succeeded':
      return {
        event: { kind: EVENT_OF[report.kind], ...run },
        report: { result: report.result, partyResults: report.partyResults, workerId, elapsedMs },
        artifacts: report.artifacts,
      };
    case 'released':
      return { event: { kind: EVENT_OF[report.kind], ...run }, report: { workerId, elapsedMs } };
    case 'failed': {
      const { error, retryable } = report;
      return {
        event: { kind: EVENT_OF[report.kind], ...run, error, retryable, random: Math.random() },
        report: { workerId, elapsedMs },
      };
    }
  }
}

/** The event of a run's start. */
export function startEvent({ attempt, runId, workerId, elapsedMs }: NoteOf<'started'>, position: number): Incoming {
  return { event: { kind: 'TaskStarted', position, attempt, runId }, report: { workerId, elapsedMs } };
}
