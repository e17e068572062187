import { TaskFailure } from '../contract/task-type.js';
import type { FarJobStatus, KusciaApi } from './kuscia-api.js';
import type { KusciaNotes } from './kuscia-notes.js';

/** How often, and how long, Kuscia is asked. Tests have shorter ones. */
export interface KusciaPatience {
  /** Between two looks at the job. */
  readonly lookMs: number;
  /** How long the API may take to answer. */
  readonly commandMs: number;
  /** How long it may be away. */
  readonly awayMs: number;
  /** How long a job may be in a state that nobody knows. */
  readonly oddMs: number;
  /** Between two notes that somebody follows the job. */
  readonly keepMs: number;
  /** After this time a job that nobody follows is ended: its worker died, and no attempt came after it. */
  readonly leftMs: number;
}

export const KUSCIA_PATIENCE: KusciaPatience = {
  ...{ lookMs: 1_000, commandMs: 5_000, awayMs: 60_000, oddMs: 60_000 },
  ...{ keepMs: 20_000, leftMs: 600_000 },
};

/** After this time an end that nobody has confirmed is left to {@link endLeftJobs}, ms: a run must end within 2 s. */
const CONFIRM_MS = 1_200;
const CONFIRM_EVERY_MS = 60;
const REASON = 'task-chain';
/** States that a job does not leave by itself. One that has failed could be started anew: cancel ends that as well. */
const ENDED = ['Succeeded', 'Failed', 'Cancelled', 'ApprovalReject'];

export const isEnded = ({ state }: FarJobStatus): boolean => ENDED.includes(state);

/**
 * Ends a job and waits until Kuscia confirms that. What is not confirmed stays noted: {@link endLeftJobs} goes on, and no other attempt makes it again. Never throws.
 */
export async function endJob(api: KusciaApi, notes: KusciaNotes, id: string, follower: number): Promise<boolean> {
  try {
    await notes.set(id, { state: 'ending', follower });
    const until = performance.now() + CONFIRM_MS;
    const left = <T>(asked: Promise<T>): Promise<T | undefined> =>
      Promise.race([
        asked,
        new Promise<undefined>((late) => setTimeout(late, Math.max(0, until - performance.now()), undefined)),
      ]);
    const asked = api.cancelJob(id, REASON).catch(() => undefined);
    // Where Kuscia does not know the job, a request that is under way may still make it.
    if ((await left(asked)) !== true) return false;
    while (performance.now() < until) {
      const status = await left(api.queryJob(id).catch(() => undefined));
      if (status !== undefined && isEnded(status)) {
        await notes.letGo(id);
        return true;
      }
      await new Promise((later) => setTimeout(later, CONFIRM_EVERY_MS));
    }
  } catch {
    // The note cannot be written: the folder of the parties is away, and this run is not the only one to notice.
  }
  return false;
}

/** What a job's error comes to. Its text may quote data: only what kind it is is said. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['STOPPED', /execute the cmd: stop/i],
  ['APPROVAL_REJECTED', /approval reject/i],
  ['OUT_OF_MEMORY', /OOMKilled/],
  ['IMAGE_MISSING', /ImagePull|ErrImage|appimages?[^\n]*not found|image[^\n]*not exist/i],
  ['NOT_SCHEDULED', /timeout|timed out|expired|insufficient|reserve/i],
  ['NOT_STARTED', /(start|create) failed/i],
  ['PARTY_FAILED', /no-failed party/i],
];

/** The failure of a job of these domains that has ended without success. */
export function failureOfJob({ state, errMsg, domains }: FarJobStatus, known: ReadonlySet<string>): TaskFailure {
  const kind = state === 'Cancelled' ? 'CANCELLED' : state === 'ApprovalReject' ? 'APPROVAL_REJECTED' : kindOf(errMsg);
  const failed = [...domains]
    .filter(([domain, each]) => known.has(domain) && each === 'Failed')
    .map(([domain]) => domain);
  const where = failed.length > 0 ? `, at ${failed.join(' and ')}` : '';
  return new TaskFailure(
    'REMOTE_FAILED',
    `Kuscia: the job ended as ${state} (${kind}${where}). The logs of the nodes say more.`,
    false,
    { error_type: kind, state, domains: failed },
  );
}

const kindOf = (text: string): string => KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'OTHER';
