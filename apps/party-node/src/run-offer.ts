import { diskFull, NEUTRAL, TaskFailure } from '#libs/compute';
import { PeerFault } from '#libs/peers';
import { endOf } from './decision.js';
import { NodeFolder } from './node-folder.js';
import { withStore, type SiteStore } from './site-store.js';
import { Refusal } from './refusal.js';
import { prepareRun } from './prepared-run.js';
import { takePart } from './run-task.js';
import type { Failed } from './running-offer.js';
import { makersOf, offeredTask, type SharedTask } from './task-file.js';

/** What the process of a run says to that of `connect`. */
export type FromRun =
  | { readonly kind: 'progress'; readonly fraction: number; readonly stage: string }
  | { readonly kind: 'log'; readonly message: string }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'failed'; readonly failed: Failed };

/** All others have accepted as well. How long one of them may be at another run, the control plane decides. */
const WAIT_MS = 24 * 3_600_000;

/** Runs an offer that was accepted, in a process of its own. */
export async function runOffer(
  path: string,
  run: string,
  relay: string,
  signal: AbortSignal,
  say: (message: FromRun) => void,
): Promise<void> {
  const folder = new NodeFolder(path);
  try {
    const { task, expires } = await withStore(folder.path, (store) => begin(store, run));
    const file = await folder.read();
    await takePart({
      ...{ folder, file, task, dealer: task.dealer, run, relay },
      waitMs: WAIT_MS,
      expires,
      signal,
      progress: (fraction, stage) => say({ kind: 'progress', fraction, stage }),
      log: (message) => say({ kind: 'log', message }),
      prepares: (ready) => prepareRun(folder, file.dealer ? NEUTRAL : file.name, run, ready),
    });
    say({ kind: 'prepared' });
  } catch (error) {
    const stopped = { code: 'PARTY_LOST', message: 'The run was stopped at the site.', retryable: true };
    say({ kind: 'failed', failed: signal.aborted ? stopped : failedOf(error, folder.path) });
  }
}

/**
 * Takes a run as begun. What counts is what lies in the folder now, whatever the control plane or another process says. At once: no more runs
 * begin than an accept is for, and none that is refused in this moment.
 */
function begin(store: SiteStore, run: string): { readonly task: SharedTask; readonly expires: string } {
  const task = offeredTask(store.find(run)?.task);
  return store.atOnce(() => {
    const made = store.decided({ run, hash: task.hash, makers: makersOf(task) });
    if (made?.decision !== 'accept')
      throw new TaskFailure('SITE_REFUSED', 'Nobody at this site has accepted the task of this run.');
    if (!store.begin(run, task.hash))
      throw new TaskFailure('SITE_REFUSED', 'This run has begun at this site before, and does not begin again.');
    return { task, expires: endOf(made) };
  });
}

/** What the control plane learns of an error that ended a run at the site in this folder. */
export function failedOf(thrown: unknown, path: string): Failed {
  const error = diskFull(thrown, 'The site') ?? thrown;
  // Where the folder lies is nobody else's business.
  const words = (error as Error).message.replaceAll(path, '<folder>').slice(0, 2_000);
  if (error instanceof TaskFailure) return { code: error.code, message: words, retryable: error.retryable };
  if (error instanceof PeerFault) return { code: error.code, message: words, retryable: error.code === 'PARTY_LOST' };
  if (error instanceof Refusal) return { code: 'SITE_NOT_READY', message: words, retryable: false };
  const message = `The run ended with an unforeseen ${(error as Error).name}: see the log of the site.`;
  return { code: 'TASK_ERROR', message, retryable: true };
}
