import type { OpenedEntry, PartyResult, TaskError } from '#libs/chain-domain';
import type { Statement, TaskStatement } from '#libs/consent';

/** A job: ids, parameters with resolved references, and the parents' results. */
export interface TaskJob {
  readonly chainId: string;
  /** The chain's tenant: its files lie apart from those of others. Jobs of earlier releases name none: the default tenant's. */
  readonly tenant?: string;
  readonly taskId: string;
  readonly taskRequestId: string;
  readonly taskType: string;
  /** Fencing token: goes back with every report. */
  readonly attempt: number;
  readonly params: unknown;
  /** The places of secrets in the parameters. Text elsewhere that looks like a reference to a secret is plain text. */
  readonly secrets?: readonly { readonly path: readonly (string | number)[]; readonly name: string }[];
  /** Results of single parties that the parameters name, and the places of the references. They are sealed to their parties. */
  readonly partyResults?: readonly {
    readonly place: readonly (string | number)[];
    readonly taskId: string;
    readonly party: string;
    readonly path: readonly (string | number)[];
    readonly result: PartyResult;
  }[];
  /** References to artifacts of other chains that the task may read: those that its chain got as parameters. */
  readonly handed?: readonly string[];
  /** Results of the parents by task id, in the order in which the task names them. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The run's own time in ms, or null. */
  readonly timeoutMs: number | null;
  /** 1 (lowest) to 10. */
  readonly priority: number;
  /** W3C context where the chain is traced: of the chain's request, and once the job is sent, of the sending. */
  readonly traceparent?: string;
  /** Absent where no task of the chain has parties. */
  readonly consent?: JobConsent;
  /** The W3C contexts of the runs that its inputs come from. */
  readonly follows?: readonly string[];
}

/** The part of a job that the owners' rules are judged on. */
export interface JobConsent {
  /** The task as it was written (libs/consent). */
  readonly task: TaskStatement;
  /** Whether an admin created the chain: only then unclaimed folders are read. */
  readonly byAdmin: boolean;
  /** Statements by party: a compact JWS, or the bare statement where it has no signature. */
  readonly statements: Readonly<Record<string, readonly (string | Statement)[]>>;
}

/** The job id carries the attempt: a queue ignores an id that it already has, so a new try needs a new one. */
export function jobId(job: { readonly taskRequestId: string; readonly attempt: number }): string {
  return `${job.taskRequestId}.${job.attempt}`;
}

/** One attempt of one task. */
export interface AttemptRef {
  readonly taskRequestId: string;
  readonly attempt: number;
}

/** Names the attempt and the run of a report. The worker makes `runId` when it takes the job. */
export interface RunRef extends AttemptRef {
  readonly chainId: string;
  readonly taskId: string;
  readonly runId: string;
  readonly workerId: string;
  /** W3C context of the run, where its chain is traced. */
  readonly traceparent?: string;
}

export interface ReportedArtifact {
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The outcome of a run. */
export type RunEnd =
  | {
      readonly kind: 'succeeded';
      readonly result: unknown;
      readonly artifacts: readonly ReportedArtifact[];
      /** By party: what the task opened to it alone. */
      readonly partyResults?: Readonly<Record<string, PartyResult>>;
    }
  | {
      readonly kind: 'failed';
      readonly error: TaskError;
      readonly retryable: boolean;
    }
  /** Handed back by a worker that stops: lost through no fault. */
  | { readonly kind: 'released' };

/** The end of a run: lane `done`. `elapsedMs` since the run began, by the worker's monotonic clock. */
export type DoneReport = RunRef & { readonly elapsedMs: number } & RunEnd;

/** An attempt as a worker has it. */
export interface HeldAttempt extends AttemptRef {
  /** Its run on this worker; undefined: whichever run the attempt has. */
  readonly runId?: string;
}

/** Messages that may be late or missing: lane `notes`. Heartbeats may be missing but not late: lane `beats`. */
export type Note =
  | (RunRef & { readonly kind: 'started'; readonly elapsedMs: number })
  | (AttemptRef & { readonly kind: 'progress'; readonly fraction: number; readonly stage: string })
  | (AttemptRef & {
      readonly kind: 'log';
      readonly lines: readonly { readonly atMs: number; readonly level: string; readonly message: string }[];
    })
  | (AttemptRef & { readonly kind: 'opened'; readonly party: string; readonly entry: OpenedEntry })
  | {
      readonly kind: 'heartbeat';
      readonly workerId: string;
      readonly seq: number;
      /** Slots by task type. */
      readonly slots: Readonly<Record<string, number>>;
      readonly tasks: readonly HeldAttempt[];
    };

/** A note of one kind. */
export type NoteOf<K extends Note['kind']> = Extract<Note, { kind: K }>;

/** From a listener to the workers. Best effort: the answer to the next heartbeat repeats it. */
export type Control =
  | { readonly kind: 'stop'; readonly tasks: readonly HeldAttempt[] }
  | {
      readonly kind: 'heartbeat_answer';
      readonly workerId: string;
      readonly seq: number;
    };

/** The most attempts in one message: a PostgreSQL notification holds 8,000 bytes. */
const STOPS_IN_MESSAGE = 40;

/** Stop signals for any number of attempts, each small enough for every backend. */
export function stopMessages(tasks: readonly HeldAttempt[]): Control[] {
  const messages: Control[] = [];
  for (let at = 0; at < tasks.length; at += STOPS_IN_MESSAGE) {
    messages.push({ kind: 'stop', tasks: tasks.slice(at, at + STOPS_IN_MESSAGE) });
  }
  return messages;
}

/** The lanes of the status channel. Their values are stored, and earlier releases use them: they stay. */
export const LANE = { done: 'done', progress: 'notes', heartbeats: 'beats' } as const;
export type Lane = (typeof LANE)[keyof typeof LANE];
export const LANES: readonly Lane[] = Object.values(LANE);
