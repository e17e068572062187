import { randomUUID } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import {
  DealerDone,
  EngineNotReady,
  makeRunners,
  NEUTRAL,
  runTask,
  TaskFailure,
  type HeldFile,
  type Site,
  type TaskRun,
  type TaskRunResult,
  type Transcript,
} from '#libs/compute';
import { meet, ownFingerprint, PeerFault, reachOverRelay, type Met, type Peer, type ResumeBounds } from '#libs/peers';
import { commit, type Commitment } from './commitment.js';
import { requireInputs, stampOf } from './inputs.js';
import { addressOf, type NodeFile, type NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import type { Left } from './outcome.js';
import { SiteMarks } from './site-marks.js';
import { SiteRecords } from './site-records.js';
import { SiteStore, withStore, type Made } from './site-store.js';
import { hashOf, makersOf, type SharedTask } from './task-file.js';

/** The characters of a failure that the log of the site keeps. */
const WHY_LENGTH = 500;

/** How this site takes part in a task. */
export interface Participation {
  readonly folder: NodeFolder;
  readonly file: NodeFile;
  readonly task: SharedTask;
  /** The dealer that this site accepts, by its name here. */
  readonly dealer?: string | undefined;
  /** The run, where the control plane has offered the task. */
  readonly run?: string;
  /** The relay of the control plane, `host:port`, for sites that cannot reach each other. It is read only where one of them is such a site. */
  readonly relay?: string;
  readonly waitMs: number;
  /** Until when the accept counts, in ISO 8601; without it, as long as the others may take to come. */
  readonly expires?: string;
  /** Where it is asked, if it serves. */
  readonly endpoint?: Site['endpoint'];
  /** Of connections that are cut during the run. */
  readonly resume?: Partial<ResumeBounds>;
  readonly signal: AbortSignal;
  progress(fraction: number, stage: string): void;
  log(message: string): void;
  /** Takes over what the run leaves, where others decide whether it counts. Without it, it counts at once. */
  prepares?(ready: Ready): Promise<void>;
}

/** A site's part of a run that is complete. */
export interface Ready {
  /** Null at a dealer. */
  readonly left: Left | null;
  /** Complete and on the disk, without their names. */
  readonly files: readonly HeldFile[];
  /** `sha256:<hex>` of the canonical task. */
  readonly task: string;
  /** `<chain>/<task>`. */
  readonly maker: string;
  readonly made: Made;
  /** Everybody who took part, by name: the fingerprint of the key. */
  readonly members: Readonly<Record<string, string>>;
}

/** What a site keeps of a run: enough to show later who accepted what, and what crossed. */
interface RunRecord {
  readonly task: SharedTask['statement'];
  readonly hash: string;
  readonly begun: string;
  ended?: string;
  session?: string;
  accepts?: Readonly<Record<string, string>>;
  /** What the own accept commits to, and how to show that it does. */
  committed?: Pick<Commitment, 'key' | 'files'>;
  readonly crossed: Record<string, Transcript>;
  outcome: string;
}

/**
 * Runs this site's part of a task: what it reads and writes follows from the task alone. Null at a dealer. Throws TaskFailure, PeerFault,
 * Refusal, or the signal's reason. Either way the record of the run says what came of it.
 */
export async function takePart(part: Participation): Promise<Left | null> {
  const { folder, file, task, log } = part;
  const member = file.dealer ? NEUTRAL : file.name;
  if (!file.dealer && !task.parties.includes(member))
    throw new Refusal(`${member} has no part in the task: its parties are ${task.parties.join(', ')}.`);
  const store = SiteStore.open(folder.path);
  const records = new SiteRecords(folder, file, store);
  try {
    records.require();
    return await takePartAs(member, part, await SiteMarks.open(folder, { store, records, log }));
  } finally {
    try {
      records.note(); // Of a run that failed, too: others may have read what was counted.
    } catch (error) {
      log(`how far the ledger goes could not be noted: ${(error as Error).message}`);
    }
    store.close();
  }
}

async function takePartAs(member: string, part: Participation, marks: SiteMarks): Promise<Left | null> {
  const { folder, file, task, signal, progress, log } = part;
  const { statement } = task;
  const begun = new Date().toISOString();
  const record: RunRecord = { task: statement, hash: task.hash, begun, crossed: {}, outcome: 'RUNNING' };
  const name = `${begun.replaceAll(/[:.]/g, '-')}-${statement.chain_id}-${statement.task_id}`;
  const statements = file.dealer ? {} : { [member]: await folder.statements() };
  // By the records of this site alone: nobody else says what made the files here.
  const makers = makersOf(task);
  const read = (store: SiteStore): Readonly<Record<string, string>> => {
    requireInputs(folder, member, store, task.reads);
    return store.sessions(makers);
  };
  const maker = `${statement.chain_id}/${statement.task_id}`;
  const { attempt, from, inputs } = await withStore(folder.path, (store) => ({
    attempt: store.nextAttempt(maker),
    from: store.from(makers),
    inputs: read(store),
  }));
  const own = { ...statement, from };
  let committed: Commitment | undefined;
  const done = part.prepares ? 'PREPARED' : 'SUCCESS';
  let members: Readonly<Record<string, string>> = {};
  const madeOf = (store: SiteStore, files: readonly { readonly name: string; readonly temporary: string }[]): Made => {
    if (!isDeepStrictEqual(read(store), inputs))
      throw new Refusal('What the task reads was made anew while it ran: run it again.');
    committed?.requireSame();
    const stamps = Object.fromEntries(files.map(({ name: path, temporary }) => [path, stampOf(temporary)!]));
    return { task: hashOf(own), session: record.session!, files: stamps };
  };
  /** The log of another member has the same hashes the other way around, unless one of the two has heard other bytes than the other sent. */
  const noteCrossed = (store: SiteStore, error?: unknown): void => {
    const { session, crossed } = record;
    const hashes = Object.entries(crossed).map(([other, { sentSha256: sent, receivedSha256: received }]) => [
      other,
      { sent: `sha256:${sent}`, received: `sha256:${received}` },
    ]);
    const failed = error !== undefined && {
      failed: outcomeOf(error),
      why: (error as Error).message.slice(0, WHY_LENGTH),
    };
    store.note('crossed', {
      ...(part.run !== undefined && { run: part.run }),
      ...{ task: task.hash, ...(session !== undefined && { session }) },
      ...{ crossed: Object.fromEntries(hashes) as Record<string, Record<string, string>>, ...failed },
    });
  };
  const prepares = async (left: Left | null, files: readonly HeldFile[]): Promise<void> => {
    const named = files.flatMap(({ artifact, temporary }) => (artifact ? [{ name: artifact.name, temporary }] : []));
    const made = await withStore(folder.path, (store) => {
      noteCrossed(store);
      return madeOf(store, named);
    });
    await part.prepares!({ left, files, task: task.hash, maker, made, members });
  };
  const site: Site = {
    party: member,
    async meet(others) {
      const peers = new Map(others.map((other) => [other, peerOf(part, other)]));
      if (!file.dealer) {
        committed = await commit(folder, member, task);
        record.committed = { key: committed.key, files: committed.files };
      }
      const met = await meetOthers(part, member, { peers, inputs, marks, data: committed?.data });
      record.session = met.session;
      record.accepts = Object.fromEntries(met.accepts);
      const known = [...peers].map(([other, { fingerprint }]) => [other, fingerprint] as const);
      try {
        members = Object.fromEntries([...known, [member, ownFingerprint(await folder.identity())]]);
        // Before a byte of a table is read.
        await folder.keep(name, record);
      } catch (error) {
        // Nobody else has them yet, and they would go on for ever.
        for (const connection of met.connections.values()) connection.destroy();
        throw error;
      }
      log(`all have accepted the task; the run is ${met.session}`);
      return met.connections;
    },
    marks,
    ...(part.endpoint && { endpoint: part.endpoint }),
    statements: () => folder.statements(),
    crossed: (other, transcript) => void (record.crossed[other] = transcript),
    leaves: (artifacts) =>
      withStore(folder.path, (store) => {
        noteCrossed(store);
        store.keepMade(maker, madeOf(store, artifacts));
      }),
    ...(part.prepares && { prepares: (outcome, files) => prepares(leftOf(member, outcome), files) }),
  };
  try {
    const runners = makeRunners({ secretflowPython: file.secretflow_python });
    const run: TaskRun = {
      chainId: statement.chain_id,
      taskId: statement.task_id,
      attempt,
      requestId: randomUUID(),
      params: task.params,
      inputs: {},
      dataRoot: folder.dataRoot,
      artifactRoot: folder.artifactRoot,
      // Whoever runs the command at the site has accepted the task for folders that nobody has claimed.
      consent: { task: own, statements, byAdmin: true, params: task.params },
      site,
      signal,
      progress,
      log: (level, message) => level !== 'debug' && log(message),
    };
    const outcome = await runTask(statement.task_type, run, runners);
    record.outcome = done;
    return leftOf(member, outcome);
  } catch (error) {
    const isDone = error instanceof DealerDone;
    record.outcome = isDone ? done : outcomeOf(error);
    if (error instanceof EngineNotReady) log(error.mend);
    // A full disk is no reason to say that the run failed for another one.
    const noted = (): Promise<void> =>
      withStore(folder.path, (store) => noteCrossed(store, isDone ? undefined : error));
    if (!isDone) {
      await noted().catch((fault: Error) => log(`what crossed could not be noted: ${fault.message}`));
      throw error;
    }
    await (part.prepares ? prepares(null, []) : noted());
    return null;
  } finally {
    record.ended = new Date().toISOString();
    // On a full disk as well, what came of the run counts: its files are there, and others have heard of it.
    await folder.keep(name, record).then(
      (path) => log(`the record of the run is ${path}`),
      (error: Error) => log(`the record of the run could not be kept: ${error.message}`),
    );
  }
}

/** A file of all says what the result says: each site has one, under the same name. */
function leftOf(member: string, { result, artifacts, partyResults }: TaskRunResult): Left {
  const sealed = partyResults?.[member];
  const files = artifacts.filter((each) => each.name.startsWith(`${member}/`));
  return { result, ...(sealed && { party_result: sealed }), artifacts: files };
}

const outcomeOf = (error: unknown): string =>
  error instanceof TaskFailure || error instanceof PeerFault ? error.code : 'ENDED';

interface Meeters {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly marks: SiteMarks;
  readonly data: string | undefined;
}

/** Meets those who take part, as this site knows them. */
async function meetOthers(part: Participation, member: string, { peers, inputs, marks, data }: Meeters): Promise<Met> {
  const { folder, file, task, run, relay, waitMs, expires, resume, signal, log } = part;
  const named = (which: (peer: Peer) => boolean): string =>
    [...peers].flatMap(([name, peer]) => (which(peer) ? [name] : [])).join(', ');
  const awaited = named((peer) => peer.address === undefined && !peer.relay);
  if (awaited && file.listen === undefined)
    throw new Refusal(`This site has no address of ${awaited}, and does not listen for it either.`);
  const relayed = named((peer) => peer.relay === true);
  if (relayed && (run === undefined || relay === undefined))
    throw new Refusal(
      `This site meets ${relayed} over the relay, which serves runs alone that a control plane offers.`,
    );
  const listen = file.listen === undefined ? undefined : addressOf(file.listen);
  const identity = await folder.identity();
  const address = relayed ? addressOf(relay!) : undefined;
  const overRelay = async (to: string, until: AbortSignal): Promise<TLSSocket> =>
    reachOverRelay({ ...(await folder.admission()), address: address!, run: run! }, to, until);
  const held = marks.held(peers);
  const returned = (from: string, mark: unknown): void => marks.returned(from, peers.get(from)!.fingerprint, mark);
  return meet({
    ...{ member, identity, task: task.hash, run, inputs, data, expires, peers, held, returned },
    ...{ listen, overRelay, waitMs, resume, signal, log },
  });
}

/** Another member, by the key that this site has written down for it. */
function peerOf({ file, dealer }: Participation, name: string): Peer {
  const dealers = Object.keys(file.peers).filter((each) => file.peers[each]!.dealer);
  if (name === NEUTRAL && dealer === undefined && dealers.length !== 1) {
    const known = dealers.length === 0 ? 'this site knows none' : `name one by --dealer: ${dealers.join(', ')}`;
    throw new Refusal(`The task needs a dealer, and ${known}.`);
  }
  const known = name === NEUTRAL ? (dealer ?? dealers[0]!) : name;
  const peer = file.peers[known];
  if (!peer || (peer.dealer ?? false) !== (name === NEUTRAL)) {
    const what = name === NEUTRAL ? 'dealer' : 'party';
    throw new Refusal(
      `This site knows no ${what} ${known}. Add it with: task-chain-node peers add ${known} <fingerprint>`,
    );
  }
  const address = peer.address === undefined ? undefined : addressOf(peer.address);
  return { fingerprint: peer.fingerprint, address, relay: peer.relay };
}
