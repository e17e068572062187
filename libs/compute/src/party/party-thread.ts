/**
 * Entry of a party's thread. The thread is the party: it gets its own name, folder and channels, and everything that
 * leaves it goes through its one port, where the coordinator counts it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { TaskFailure } from '../contract/task-type.js';
import { placesOf } from '../contract/error-places.js';
import type { Admission } from './admission.js';
import { openInput, type FileRoots } from './input-files.js';
import { createOutput, createScratch } from './output-files.js';
import { PartyChannels } from './party-channels.js';
import type { CarriedFailure, FromParty, PartyThreadData } from './party-link.js';
import { NEUTRAL, type PartyContext } from './party-program.js';

/** Progress of a stage is told after so many ms, or as soon as it has come so far: its steps are small however fast it is. */
const PROGRESS_EVERY_MS = 200;
const PROGRESS_STEP = 0.02;

const port = parentPort!;
const data = workerData as PartyThreadData;
const tell = (message: FromParty): void => port.postMessage(message);

/** How the party's files are opened where its folder has an owner. Imported only then: it takes longer to load than the rest. */
async function startAdmission(): Promise<Admission | undefined> {
  const { party, root, peers, consent } = data;
  if (root === null || !existsSync(join(root, '.party', 'owner.json'))) return undefined;
  const { Admission } = await import('./admission.js');
  return Admission.start({ roots: { ...data, root, party }, peers, consent });
}

function makeContext(admission: Admission | undefined): PartyContext {
  const channels = new PartyChannels(data.party, [...data.peers, NEUTRAL], port);
  const roots: FileRoots = data;
  let told = { at: 0, fraction: 0, stage: '' };
  return {
    party: data.party,
    peers: data.peers,
    chainId: data.chainId,
    taskId: data.taskId,
    attempt: data.attempt,
    send: (to, message) => channels.send(to, message),
    receiveBytes: async (from) => (await channels.receive(from, 'bytes')) as Uint8Array,
    receiveJson: async <T>(from: string) => JSON.parse((await channels.receive(from, 'json')) as string) as T,
    progress(fraction, stage) {
      const at = performance.now();
      const isSoon = at - told.at < PROGRESS_EVERY_MS && fraction - told.fraction < PROGRESS_STEP && fraction < 1;
      if (isSoon && stage === told.stage) return;
      told = { at, fraction, stage };
      tell({ kind: 'progress', fraction, stage });
    },
    log: (level, message) => tell({ kind: 'log', level, message }),
    openInput: (path) => admission?.open(path) ?? openInput(roots, path),
    // Imported when it is needed: the check of a schema takes longer to load than the rest of the thread.
    requireRecipients: async (recipients) =>
      admission?.requireRecipients(recipients) ??
      (await import('./party-policy.js')).requireRecipients(data.party, data.root!, recipients),
    createOutput: (request) =>
      createOutput(roots, request, data.token, {
        temporary: (path) => tell({ kind: 'temporary', path }),
        written: (file) => tell({ kind: 'written', file: admission?.recorded(file) ?? file }),
      }),
    createScratch: () => createScratch(roots, data.token, (path) => tell({ kind: 'temporary', path })),
  };
}

/** The message of an unforeseen error may quote data, so only its kind and the places in the code travel on. */
function carry(error: unknown): CarriedFailure {
  if (error instanceof TaskFailure) {
    const { code, message, retryable, details } = error;
    return { code, message, retryable, details };
  }
  const { name, code, places } = placesOf(error);
  return {
    code: 'PARTY_LOST',
    message: `Party ${data.party} stopped on an unforeseen ${name}${code ? ` (${code})` : ''}; the task may be tried again.`,
    retryable: true,
    details: { party: data.party, places },
  };
}

try {
  // The coordinator has checked the arguments against the module's type.
  const { run } = (await import(data.program)) as { run: (context: PartyContext, args: unknown) => Promise<unknown> };
  const admission = await startAdmission();
  const value = await run(makeContext(admission), data.args);
  const record = await admission?.record(data.token, (path) => tell({ kind: 'temporary', path }));
  if (record !== undefined) tell({ kind: 'written', file: record });
  tell({ kind: 'done', value });
} catch (error) {
  tell({ kind: 'failed', failure: carry(error) });
}
