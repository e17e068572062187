/**
 * Entry of a party's process. The process is the party: it gets its own name, folder and channels. What it sends to its peers goes over a
 * line to each, and all else through its transport to the coordinator. It has an empty environment, serves one run, and ends with its coordinator.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { TaskFailure, type JsonObject, type SentStatement } from '../contract/task-type.js';
import { diskFull } from '../contract/disk-full.js';
import { placesOf } from '../contract/error-places.js';
import type { Admission } from './admission.js';
import { placeInSources } from './bundles.js';
import { sha256 } from './hashes.js';
import { openInput, type FileRoots } from './input-files.js';
import { OpenedHere } from './opened.js';
import { createOutput, createScratch } from './output-files.js';
import { PartyChannels } from './party-channels.js';
import {
  COORDINATOR_LINE,
  FIRST_LINE,
  PEER_FRAME_BYTES,
  type CarriedFailure,
  type FromParty,
  type PartyStart,
  type ToParty,
  type ToPeer,
  type WrittenFile,
} from './party-link.js';
import type { PartyContext } from './party-program.js';
import { descriptorTransport } from './transport.js';

/** Progress of a stage is sent after this time, or as soon as it has come this far: its steps are small however fast it is. */
const PROGRESS_EVERY_MS = 200;
const PROGRESS_STEP = 0.02;

const transport = descriptorTransport<FromParty>(COORDINATOR_LINE);
const send = (message: FromParty): void => transport.post(message);
const coordinator = process.ppid;

/** Ends a process whose coordinator is gone, also where its program never yields. */
function endIfOrphaned(): void {
  if (process.ppid !== coordinator) process.exit(1);
}

const unclaimed = (party: string): TaskFailure =>
  new TaskFailure(
    'PARTY_UNCLAIMED',
    `Party ${party}: nobody has claimed its folder, so only chains of admins read it. Its owner claims it with ` +
      '"task-chain parties claim", or an admin creates the chain.',
    false,
    { party },
  );

const UNCLAIMED_BOUNDS =
  'nobody has claimed its folder, so no owner states the bounds of its columns, which epsilon needs. Its owner claims it with ' +
  '"task-chain parties claim", registers the table and writes bounds and budget.epsilon into a policy.';

/** How the party's files are opened where its folder has an owner. Imported only then: it takes longer to load than the rest. */
async function startAdmission(data: PartyStart): Promise<Admission | undefined> {
  const { party, root, peers, consent, own, atSites } = data;
  if (root === null) return undefined;
  if (!existsSync(join(root, '.party', 'owner.json'))) {
    // Jobs of earlier releases carry no consent: their chains were created before folders could be claimed.
    if (consent?.byAdmin === false) throw unclaimed(party);
    return undefined;
  }
  const { Admission } = await import('./admission.js');
  return Admission.start({ roots: { ...data, root, party }, peers, consent, own, atSites });
}

/** The program's arguments, with the values that this party alone knows. */
async function argsOf({ args, own, ...data }: PartyStart, admission: Admission | undefined): Promise<unknown> {
  if (Object.keys(own).length === 0) return args;
  const { openValue } = await import('./party-results.js');
  const values = new Map<string, unknown>(Object.entries(admission?.own ?? {}));
  if (!admission)
    for (const [marker, each] of Object.entries(own)) values.set(marker, await openValue(undefined, data, each));
  const put = (value: unknown): unknown => {
    if (typeof value === 'string') return values.has(value) ? values.get(value) : value;
    if (Array.isArray(value)) return value.map(put);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, put(member)]));
  };
  return put(args);
}

async function sealed(data: PartyStart, admission: Admission | undefined, result: JsonObject | undefined) {
  if (result === undefined) return null;
  const { clearResult, sealResult } = await import('./party-results.js');
  return admission ? sealResult(admission.owner, data, result) : clearResult(result);
}

// The coordinator knows of a file before the file is there, so it can remove it however this process ends.
function temporary(path: string): Promise<void> {
  send({ kind: 'temporary', path });
  return transport.flushed();
}

/** The hash of a file whose size is the party's alone would show which rows it holds: whoever guesses them can hash them. */
const withoutHash = ({ artifact, ...file }: WrittenFile): WrittenFile => ({
  ...file,
  ...(artifact && { artifact: { ...artifact, sha256: randomBytes(32).toString('hex') } }),
});

/** Resolves when the coordinator says that what runs outside is over. */
let onOutsideDone: () => void = () => undefined;
const outside = (): Promise<void> =>
  new Promise((resolve) => {
    onOutsideDone = resolve;
    send({ kind: 'outside' });
  });

/** Takes what the owner has signed by now. */
let onStatements: (statements: readonly SentStatement[]) => void = () => undefined;
const statementsNow = (): Promise<readonly SentStatement[]> =>
  new Promise((resolve) => {
    onStatements = resolve;
    send({ kind: 'statements' });
  });

function makeContext(
  data: PartyStart,
  channels: PartyChannels,
  admission: Admission | undefined,
  keepResult: PartyContext['keepResult'],
): PartyContext {
  const roots: FileRoots = data;
  const here = new OpenedHere(data.party);
  const warned = new Set<string>();
  let sent = { at: 0, fraction: 0, stage: '' };
  return {
    party: data.party,
    peers: data.peers,
    chainId: data.chainId,
    taskId: data.taskId,
    attempt: data.attempt,
    get minGroupRows() {
      return admission?.minGroupRows ?? MIN_GROUP_ROWS;
    },
    get effectsTo() {
      return admission?.readersOf('effects_to') ?? [];
    },
    get coefficientsTo() {
      return admission?.readersOf('coefficients_to') ?? [];
    },
    get datasets() {
      return admission?.datasets ?? [];
    },
    send: (to, message) => channels.send(to, message),
    receiveBytes: async (from) => (await channels.receive(from, 'bytes')) as Uint8Array,
    receiveJson: <T>(from: string) => channels.receiveJson(from) as Promise<T>,
    progress(fraction, stage) {
      const at = performance.now();
      const isSoon = at - sent.at < PROGRESS_EVERY_MS && fraction - sent.fraction < PROGRESS_STEP && fraction < 1;
      if (isSoon && stage === sent.stage) return;
      sent = { at, fraction, stage };
      endIfOrphaned();
      send({ kind: 'progress', fraction, stage });
    },
    log: (level, message) => send({ kind: 'log', level, message }),
    async reserve(opened) {
      if (admission === undefined) return here.reserve(opened);
      const { entry, warnings } = await admission.reserve(opened);
      if (entry === undefined) return;
      const { id, at, to, datasets, versions, figures, bits, members, counts, epsilon, rows } = entry;
      const more = {
        ...(members && { members }),
        ...(counts && { counts }),
        ...(epsilon !== undefined && { epsilon }),
        ...(rows?.some(({ chosen }) => chosen) === true && { chosen: true as const }),
      };
      const shown = { id, at, to, datasets, versions, figures, bits, ...more };
      send({ kind: 'opened', entry: shown });
      // Each once: a run may open a thousand things one by one.
      for (const message of warnings.filter((each) => !warned.has(each))) {
        warned.add(message);
        send({ kind: 'log', level: 'warn', message });
      }
    },
    async stillAllowed() {
      await admission?.stillAllowed(await statementsNow());
    },
    async boundsOfColumns() {
      if (admission !== undefined) return admission.bounds();
      throw (await import('./column-bounds.js')).boundsMissing(data.party, UNCLAIMED_BOUNDS);
    },
    keyOf(use) {
      // No digest that leaves the party is of a text that begins so.
      const named = `key ${use}`;
      const [, hex] = (admission?.owner.digest(named) ?? sha256(named)).split(':') as [string, string];
      return Buffer.from(hex, 'hex');
    },
    openInput: (path) => admission?.open(path) ?? openInput(roots, path),
    // Imported when it is needed: the check of a schema takes longer to load than the rest of the process.
    async requireRecipients(recipients) {
      if (admission !== undefined) return admission.requireRecipients(recipients);
      await (await import('./party-policy.js')).requireRecipients(data.party, data.root!, recipients);
    },
    createOutput: (request) =>
      createOutput(roots, request, data.token, {
        temporary,
        written(file) {
          const shown = request.statedBytes === undefined ? file : withoutHash(file);
          send({ kind: 'written', file: admission?.recorded(file, request.rows) ?? shown });
        },
      }),
    keepResult,
    outside,
    createScratch: () => createScratch(roots, data.token, temporary),
  };
}

/** The message of an unforeseen error may quote data, so only its kind and the places in the code travel on. */
function carry(party: string, thrown: unknown): CarriedFailure {
  const error = diskFull(thrown, `Party ${party}`) ?? thrown;
  if (error instanceof TaskFailure) {
    const { code, message, retryable, details } = error;
    return { code, message, retryable, details };
  }
  const { name, code, places } = placesOf(error);
  return {
    code: 'PARTY_LOST',
    message: `Party ${party} stopped on an unforeseen ${name}${code ? ` (${code})` : ''}; the task may be tried again.`,
    retryable: true,
    details: { party, places: places.map(placeInSources) },
  };
}

async function serve(data: PartyStart, channels: PartyChannels): Promise<void> {
  let admission: Admission | undefined;
  try {
    // The coordinator has checked the arguments against the module's type.
    const { run } = (await import(data.program)) as { run: (context: PartyContext, args: unknown) => Promise<unknown> };
    admission = await startAdmission(data);
    let result: JsonObject | undefined;
    const context = makeContext(data, channels, admission, (kept) => (result = kept));
    const value = await run(context, await argsOf(data, admission));
    const record = await admission?.record(data.token, temporary);
    if (record !== undefined) send({ kind: 'written', file: record });
    const own = await sealed(data, admission, result);
    await channels.finish();
    send({ kind: 'done', value, own, sentBytes: channels.sentBytes });
  } catch (error) {
    send({ kind: 'failed', failure: carry(data.party, admission ? await admission.failureOf(error) : error) });
  }
  await transport.flushed();
}

let channels: PartyChannels | undefined;
transport.onMessage((received) => {
  const message = received as ToParty; // The coordinator is trusted.
  if (message.kind === 'outside-done') return onOutsideDone();
  if (message.kind === 'statements') return onStatements(message.statements);
  if (message.kind === 'ended') return channels?.ended(message.peer, message.lost);
  const { start } = message;
  const lines = start.lines.map(
    (peer, at) => [peer, descriptorTransport<ToPeer>(FIRST_LINE + at, PEER_FRAME_BYTES)] as const,
  );
  channels = new PartyChannels(start.party, new Map(lines));
  void serve(start, channels);
});
transport.onClose(() => process.exit(1));
