import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { requireDiskRoom } from '../contract/disk-full.js';
import { TaskFailure } from '../contract/task-type.js';
import type { SiteTunnel } from '../party/site-tunnel.js';
import type { Account } from '../party/start-guarded.js';
import { IdleParties } from './idle-parties.js';
import { startSpu, type SpuFailure, type SpuProcess, type SpuWork } from './spu-process.js';

const LOOPBACK = '127.0.0.1';
/** A port is free a moment before SPU listens on it: another process may take it in between. */
const PORT_TRIES = 3;
/** Nobody computes for so long: all wait for a message that was lost. */
const IDLE_MS = 90_000;
/** Ends on the progress bar: of the parties' Python, of their links. */
const READY = 0.25;
const LINKED = 0.3;

/** Names the messages of a run whose parties are at their own sites. */
const AT_SITES = 'sites';

/** One party of a run on SPU. */
export interface SpuParty {
  readonly name: string;
  readonly home: string;
  readonly account: Account | undefined;
  readonly work: SpuWork;
}

export interface SpuRun {
  readonly python: string;
  /** In the order of their ranks. */
  readonly parties: readonly SpuParty[];
  readonly log: (message: string) => void;
  /** What is shown while the parties compute. */
  readonly stage: string;
  /** `fraction` 0..1 of what runs here. */
  readonly progress: (fraction: number, stage: string) => void;
  /** Ports of each party: by default one. */
  readonly portsEach?: number;
  /** For tests: how long all may be idle. */
  readonly idleMs?: number;
  /** For tests: ports to try first. */
  readonly ports?: () => Promise<readonly number[]>;
}

/**
 * Runs a program on SPU, each party in its own Python process, until all have done their work. The first that ends without ends the others. Throws TaskFailure PARTY_LOST,
 * PORT_TAKEN, DISK_FULL (all may be tried again), OUT_OF_MEMORY, ENGINE_NOT_READY. When the signal is aborted the processes are gone before it throws the signal's reason.
 */
export async function runOnSpu(
  run: SpuRun,
  signal: AbortSignal,
  sites?: ReadonlyMap<string, SiteTunnel>,
): Promise<void> {
  if (sites) return runAtSite(run, signal, sites);
  for (let left = PORT_TRIES; ; left -= 1) {
    const ports = await (run.ports ?? (() => freePorts(run.parties.length * (run.portsEach ?? 1))))();
    signal.throwIfAborted();
    const lost = await attempt(run, ports, signal);
    signal.throwIfAborted();
    if (lost === undefined) return;
    // SPU may crash where it cannot write.
    if (lost.failure === 'PARTY_LOST') await requireDiskRoom(run.parties.map(({ home }) => home));
    if (lost.failure !== 'PORT_TAKEN' || left <= 1) throw failureOf(lost);
    run.log('a port was taken in between: tries others');
  }
}

/**
 * Runs this site's party alone. To its process each other party listens at a port of this machine, from where a tunnel leads to that one's site. It stays until all
 * are done, as the others may still wait for what it has sent.
 */
async function runAtSite(run: SpuRun, signal: AbortSignal, sites: ReadonlyMap<string, SiteTunnel>): Promise<void> {
  const { name, home, account, work } = run.parties.find((party) => !sites.has(party.name))!;
  const tunnels = [...sites.values()];
  const [own] = (await (run.ports ?? (() => freePorts(1)))()) as [number];
  const portOf = new Map([[name, own]]);
  run.progress(0, 'starting SPU');
  let started: SpuProcess | undefined;
  const stop = (): void => started?.stop();
  try {
    for (const [peer, tunnel] of sites) portOf.set(peer, await tunnel.open(own));
    signal.throwIfAborted();
    signal.addEventListener('abort', stop, { once: true });
    const parties = run.parties.map((party) => party.name);
    const addresses = parties.map((party) => `${LOOPBACK}:${portOf.get(party)!}`);
    // The same at all sites. Nothing of another run comes by these tunnels.
    const job = { run: AT_SITES, parties, addresses, rank: parties.indexOf(name) };
    started = startSpu(run.python, { ...job, ...work }, { home, account }, (event) => {
      if (event.ev === 'cpu') return;
      if (event.ev === 'ready') run.progress(READY, 'linking the parties on SPU');
      else run.progress(LINKED + (1 - LINKED) * (event.ev === 'progress' ? Math.min(1, event.fraction) : 0), run.stage);
    });
    void started.done.then(async () => {
      for (const tunnel of tunnels) tunnel.tellOver();
      await Promise.all(tunnels.map(({ peerIsOver }) => peerIsOver));
      stop();
    });
    const failure = await started.ended;
    signal.throwIfAborted();
    if (failure === 'PARTY_LOST') await requireDiskRoom([home]);
    if (failure !== undefined) throw failureOf({ party: name, failure });
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    for (const tunnel of tunnels) tunnel.close();
  }
}

interface Lost {
  readonly party: string;
  readonly failure: SpuFailure | 'IDLE';
}

async function attempt(run: SpuRun, ports: readonly number[], signal: AbortSignal): Promise<Lost | undefined> {
  const parties = run.parties.map(({ name }) => name);
  const job = { run: randomUUID(), parties, addresses: ports.map((port) => `${LOOPBACK}:${port}`) };
  const ready = new Set<string>();
  const linked = new Set<string>();
  const idle = new IdleParties(parties, run.idleMs ?? IDLE_MS);
  run.progress(0, 'starting SPU');
  let first: Lost | undefined;
  const processes: SpuProcess[] = [];
  const stopAll = (): void => processes.forEach(({ stop }) => stop());
  signal.addEventListener('abort', stopAll, { once: true });
  try {
    for (const [rank, { name, home, account, work }] of run.parties.entries()) {
      const started = startSpu(run.python, { ...job, rank, ...work }, { home, account }, (event) => {
        if (event.ev === 'cpu') {
          if (!idle.hear(name, event.seconds, performance.now())) return;
          first ??= { party: name, failure: 'IDLE' };
          return stopAll();
        }
        if (event.ev === 'ready') ready.add(name);
        if (event.ev === 'linked') linked.add(name);
        if (event.ev === 'progress') run.progress(LINKED + (1 - LINKED) * Math.min(1, event.fraction), run.stage);
        else if (linked.size === parties.length) run.progress(LINKED, run.stage);
        else run.progress((READY * ready.size) / parties.length, 'linking the parties on SPU');
      });
      processes.push(started);
    }
    if (signal.aborted) stopAll();
    void Promise.all(processes.map(({ done }) => done)).then(stopAll);
    await Promise.all(
      processes.map(async ({ ended }, rank) => {
        const failure = await ended;
        if (failure === undefined) return;
        first ??= { party: parties[rank]!, failure };
        stopAll(); // The others would wait for it.
      }),
    );
    return first;
  } catch (error) {
    stopAll(); // One did not start: the others would wait for it.
    throw error;
  } finally {
    signal.removeEventListener('abort', stopAll);
  }
}

function failureOf({ party, failure }: Lost): TaskFailure {
  const why: Record<Lost['failure'], string> = {
    IDLE: 'all parties waited for each other, and none computed: a message between them was lost. The task may be tried again',
    PARTY_LOST: 'its process on SPU ended before it was done; the task may be tried again',
    PORT_TAKEN: 'other processes took the ports that it was to listen on; the task may be tried again',
    OUT_OF_MEMORY:
      'it needs more memory on SPU than a party of a task may have. Give the task a smaller table, or take another protocol: psi takes least with ECDH_PSI_2PC, ss_lr most with CHEETAH',
    DISK_FULL: 'its process on SPU could not write what it found. The task is tried again when the disk may have room',
    COMPONENT_FAILED:
      'the component did not take these rows or parameters. What SecretFlow says of them may quote rows, and nobody reads it',
    GROUP_TOO_SMALL:
      'a bin that others would see figures of has too few rows, or too few of a class of the label. Ask for fewer bins, leave the column out, or let the type woe_binning of the engine native merge such bins',
    ENGINE_NOT_READY:
      'SPU does not load, or has another version. "npm run doctor" says what the engine lacks; "npm run engine:secretflow" makes its environment',
  };
  const isRetryable = !['OUT_OF_MEMORY', 'ENGINE_NOT_READY', 'COMPONENT_FAILED', 'GROUP_TOO_SMALL'].includes(failure);
  return new TaskFailure(failure === 'IDLE' ? 'PARTY_LOST' : failure, `Party ${party}: ${why[failure]}.`, isRetryable, {
    party,
  });
}

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(async (server) => {
        await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, LOOPBACK, () => resolve()));
        return (server.address() as AddressInfo).port;
      }),
    );
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
