import { RunStopped, TaskFailure, type TaskRun } from '../contract/task-type.js';
import { endJob, failureOfJob, isEnded, KUSCIA_PATIENCE, type KusciaPatience } from './job-end.js';
import { jobId } from './job-request.js';
import { CODES, KusciaApi, KusciaRefusal } from './kuscia-api.js';
import { KusciaNotes } from './kuscia-notes.js';
import { KUSCIA_API, type KusciaSettings } from './kuscia-settings.js';

/** How many attempts back a job may still be under way. */
const MOST_BACK = 20;

/** What each state says on the way. */
const STAGES: Readonly<Record<string, string>> = {
  Pending: 'waits at Kuscia',
  AwaitingApproval: 'waits until the nodes approve',
  Running: 'the nodes compute',
  Suspended: 'rests at the nodes, which suspended it',
};

/** A job of a run. */
export interface FarJob {
  /** Of the attempt that made it: this one, or an earlier one that lost its worker while the nodes went on. */
  readonly id: string;
  /** Asks Kuscia, again where it is away for a while. */
  ask<T>(question: (api: KusciaApi) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Makes the job, unless it is there, and waits until it has succeeded. Where it fails, or the signal is aborted, it is ended; a run that is handed over leaves it as it is. */
  complete(request: JobBody, signal: AbortSignal, progress: (fraction: number, stage: string) => void): Promise<void>;
}

interface JobBody {
  readonly job_id: string;
  readonly tasks: readonly {
    readonly task_input_config: string;
    readonly parties: readonly { readonly domain_id: string }[];
  }[];
}

interface Request {
  readonly run: Pick<TaskRun, 'chainId' | 'taskId' | 'attempt' | 'signal' | 'log'>;
  readonly settings: KusciaSettings;
  readonly patience?: KusciaPatience | undefined;
}

/**
 * Runs `work` with the job of a task. Jobs of earlier attempts are looked for first: the latest that the nodes still run, or have completed, is adopted; all others are ended, and those that were
 * not made never will be. Throws TaskFailure ENGINE_NOT_READY and KUSCIA_LOST.
 */
export async function withFarJob<T>(request: Request, work: (job: FarJob) => Promise<T>): Promise<T> {
  const { run, settings, patience = KUSCIA_PATIENCE } = request;
  const api = new KusciaApi(settings.access, patience.commandMs);
  const notes = new KusciaNotes(settings.dataRoot);
  const ask: FarJob['ask'] = (question, signal) => patiently(() => question(api), signal, patience);
  let keeping: NodeJS.Timeout | undefined;
  try {
    const adopted = await earlier(run, api, notes, ask);
    if (adopted !== undefined) run.log('info', `Kuscia has the job of attempt ${adopted}: it is followed`);
    const id = jobId(run.chainId, run.taskId, adopted ?? run.attempt);
    // The parties may read for long before the job of an earlier attempt is followed.
    if (adopted !== undefined) keeping = setInterval(() => void notes.keep(id), patience.keepMs);
    return await work({
      id,
      ask,
      async complete(body, signal, progress) {
        const noted = await notes.claim(id, { state: 'open', follower: run.attempt });
        if (!['open', 'done'].includes(noted.state) || noted.follower !== run.attempt) throw another();
        try {
          progress(0, STAGES.Pending!);
          await ask(() => make(api, body), signal);
          const domains = new Set(body.tasks[0]!.parties.map((party) => party.domain_id));
          await follow({ id, attempt: run.attempt, domains, ask, notes, patience }, signal, progress);
          // A worker that dies before its system has the result leaves this to the next attempt.
          await notes.set(id, { state: 'done', follower: run.attempt });
        } catch (error) {
          // The next attempt looks for it.
          const isLeft = isHandedOver(run.signal) || (error instanceof TaskFailure && error.code === 'KUSCIA_LOST');
          if (!isLeft && (await notes.read(id))?.follower === run.attempt) await endJob(api, notes, id, run.attempt);
          throw signal.aborted ? signal.reason : error;
        }
      },
    });
  } finally {
    clearInterval(keeping);
    api.close();
  }
}

/** The attempt whose job is adopted; undefined for none. */
async function earlier(
  { chainId, taskId, attempt, signal }: Request['run'],
  api: KusciaApi,
  notes: KusciaNotes,
  ask: FarJob['ask'],
): Promise<number | undefined> {
  let found: number | undefined;
  for (let each = attempt - 1; each > Math.max(0, attempt - MOST_BACK); each -= 1) {
    const id = jobId(chainId, taskId, each);
    const note = await notes.claim(id, { state: 'fenced', follower: attempt });
    if (note.state === 'fenced') continue;
    // From now on a worker that has lost the earlier attempt leaves the job alone.
    await notes.set(id, { state: note.state === 'ending' ? 'ending' : 'open', follower: attempt });
    const status = note.state === 'ending' || found !== undefined ? 'leave' : await ask(() => api.queryJob(id), signal);
    // One that is not there yet may be made at any moment by that worker: whoever makes it, it is the same.
    if (status === undefined || (status !== 'leave' && (!isEnded(status) || status.state === 'Succeeded')))
      found = each;
    else await endJob(api, notes, id, attempt);
  }
  return found;
}

/** Makes the job unless it is there. One that is there is ours, as its id follows from ours; it must be of the same tables. */
async function make(api: KusciaApi, body: JobBody): Promise<void> {
  if (await api.createJob(body)) return;
  const status = await api.queryJob(body.job_id);
  if (status === undefined) throw new Error('Kuscia has the job, and has it not.');
  if (status.inputConfig === body.tasks[0]!.task_input_config) return;
  const message = 'A table, or KUSCIA_API, is another than what the job at the nodes was made with. It is ended there.';
  throw new TaskFailure('INPUT_CHANGED', message, true);
}

interface Followed {
  readonly id: string;
  readonly attempt: number;
  readonly domains: ReadonlySet<string>;
  readonly ask: FarJob['ask'];
  readonly notes: KusciaNotes;
  readonly patience: KusciaPatience;
}

async function follow(
  { id, attempt, domains, ask, notes, patience }: Followed,
  signal: AbortSignal,
  progress: (fraction: number, stage: string) => void,
): Promise<void> {
  let kept = -Infinity;
  let odd: number | undefined;
  // Somebody may be about to put another token or certificate there: the job goes on meanwhile.
  const look = (api: KusciaApi) =>
    api.queryJob(id).catch((error: unknown) => {
      if (error instanceof TaskFailure) throw new NotYetReady(error);
      throw error;
    });
  const stillOurs = async (): Promise<void> => {
    if ((await notes.read(id))?.follower !== attempt) throw another();
  };
  for (;;) {
    const status = await ask(look, signal);
    if (status === undefined) {
      const message = 'Kuscia no longer has the job: somebody deleted it there.';
      throw new TaskFailure('REMOTE_FAILED', message, true, { error_type: 'DELETED' });
    }
    if (status.state === 'Succeeded') return;
    if (isEnded(status)) {
      // The attempt that follows it by now may have ended it.
      await stillOurs();
      throw failureOfJob(status, domains);
    }
    const stage = Object.hasOwn(STAGES, status.state) ? STAGES[status.state] : undefined;
    odd = stage !== undefined ? undefined : (odd ?? performance.now());
    if (odd !== undefined && performance.now() - odd >= patience.oddMs) throw oddState();
    progress(status.progress, stage ?? 'Kuscia does not say what it does');
    if (performance.now() - kept >= patience.keepMs) {
      await stillOurs();
      await notes.keep(id);
      kept = performance.now();
    }
    await pause(patience.lookMs, signal);
  }
}

/** The settings do not fit now. */
class NotYetReady extends Error {
  constructor(readonly failure: TaskFailure) {
    super(failure.message);
  }
}

/** Asks until there is an answer. What Kuscia refuses is none that another try would change. */
async function patiently<T>(question: () => Promise<T>, signal: AbortSignal, patience: KusciaPatience): Promise<T> {
  const since = performance.now();
  for (;;) {
    signal.throwIfAborted();
    try {
      return await orAborted(question(), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TaskFailure) throw error;
      if (error instanceof KusciaRefusal && isFinal(error)) throw refused(error);
      if (performance.now() - since >= patience.awayMs) {
        if (error instanceof NotYetReady) throw error.failure;
        if (error instanceof KusciaRefusal) throw refused(error);
        const message = `Kuscia of ${KUSCIA_API} does not answer. The job goes on there, and the next attempt looks for it.`;
        throw new TaskFailure('KUSCIA_LOST', message, true, {}, { cause: error });
      }
    }
    await pause(patience.lookMs, signal);
  }
}

const isFinal = ({ code }: KusciaRefusal): boolean =>
  ([CODES.invalid, CODES.notAllowed, CODES.noDomain, CODES.noSource] as number[]).includes(code);

function refused({ code }: KusciaRefusal): TaskFailure {
  const [what, failure] =
    code === CODES.noDomain
      ? (['does not know a "domain" of its parties', 'ENGINE_NOT_READY'] as const)
      : code === CODES.noSource
        ? (['does not know a "domain", or its "datasource", of its parties', 'ENGINE_NOT_READY'] as const)
        : code === CODES.notAllowed
          ? (['does not allow it to this node: give the party the access of its own one', 'ENGINE_NOT_READY'] as const)
          : code === CODES.invalid
            ? (['takes the request for wrong', 'REMOTE_FAILED'] as const)
            : (['refuses the request again and again', 'REMOTE_FAILED'] as const);
  return new TaskFailure(failure, `Kuscia of ${KUSCIA_API} ${what} (code ${code}).`, false, {
    error_type: `KUSCIA_${code}`,
  });
}

/** Ends when the question does, or the signal: a request that is under way then comes to its own end. */
function orAborted<T>(question: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    question.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

const isHandedOver = ({ reason }: AbortSignal): boolean => reason instanceof RunStopped && reason.isHandedOver;

const another = (): TaskFailure =>
  new TaskFailure('KUSCIA_LOST', 'Another attempt of the task follows the job at Kuscia.', true);

const oddState = (): TaskFailure =>
  new TaskFailure(
    'REMOTE_FAILED',
    'Kuscia: the job is in a state that this release does not know. It is ended there.',
    true,
    { error_type: 'UNKNOWN_STATE' },
  );
