import { existsSync } from 'node:fs';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NodeFolder } from './node-folder.js';
import type { FromRun } from './run-offer.js';
import type { OfferEnd, RunningOffer } from './running-offer.js';

const BUNDLE = fileURLToPath(new URL('../bundle/run-offer-process.mjs', import.meta.url));
const PROGRAM = existsSync(BUNDLE) ? BUNDLE : fileURLToPath(new URL('./run-offer-process.js', import.meta.url));
const KILL_AFTER_MS = 10_000;

/** Starts the process of a run that was accepted. */
export function startOffer(
  folder: NodeFolder,
  run: string,
  relay: string,
  progress: (fraction: number, stage: string) => void,
  log: (message: string) => void,
): RunningOffer {
  const child = fork(PROGRAM, [folder.path, run, relay], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let end: OfferEnd = {
    code: 'PARTY_LOST',
    message: 'The process of the run ended without a word.',
    retryable: true,
  };
  child.on('message', (message: FromRun) => {
    if (message.kind === 'progress') progress(message.fraction, message.stage);
    else if (message.kind === 'log') log(message.message);
    else end = message.kind === 'prepared' ? 'PREPARED' : message.failed;
  });
  let kill: NodeJS.Timeout | undefined;
  const ended = new Promise<OfferEnd>((resolve) => {
    child.once('close', () => {
      clearTimeout(kill);
      resolve(end);
    });
    child.once('error', () => resolve(end));
  });
  const stop = (): void => {
    child.kill('SIGTERM');
    kill ??= setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  return { ended, stop };
}
