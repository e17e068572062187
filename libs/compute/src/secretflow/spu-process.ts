import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startGuarded, type Account, type ProcessEnd } from '../party/start-guarded.js';
import { COMPONENTS_VERSION, SPU_VERSION } from './protocols.js';

/** Compiled, this file lies in dist/libs/compute/src/secretflow. */
export const PROGRAM = fileURLToPath(new URL('../../../../../engines/secretflow/party.py', import.meta.url));
const ENV = '/usr/bin/env';
const LINE = 3;
/** What a failure of a party's program may be called, for all else is words of a library. */
const CODES = [
  'OUT_OF_MEMORY',
  'DISK_FULL',
  'PORT_TAKEN',
  'PARTY_LOST',
  'ENGINE_NOT_READY',
  'COMPONENT_FAILED',
  'GROUP_TOO_SMALL',
] as const;

/** Why a party's program failed. */
export type SpuFailure = (typeof CODES)[number];

/** A run, as one party's program is to know it. */
export interface SpuJob {
  /** Of all parties the same, and of no other run. */
  readonly run: string;
  /** In the order of their ranks. */
  readonly parties: readonly string[];
  readonly addresses: readonly string[];
  readonly rank: number;
}

/** The task of a party's program. */
export type SpuWork =
  | {
      readonly task: 'psi';
      readonly psi: {
        readonly protocol: string;
        readonly receiver_rank: number;
        readonly broadcast: boolean;
        readonly input: string;
        readonly output: string;
      };
    }
  /** All else lies in the party's folder. */
  | { readonly task: 'ss_lr' | 'component'; readonly home: string };

/** What a party's program says of itself. */
export type SpuEvent =
  | { readonly ev: 'ready' | 'linked' }
  | { readonly ev: 'progress'; readonly fraction: number }
  /** How long it has computed. */
  | { readonly ev: 'cpu'; readonly seconds: number };

export interface SpuProcess {
  /** Resolves when it has done its work. It stays until it is stopped, as its peer may still wait for what it has sent. */
  readonly done: Promise<void>;
  /** How it ended: undefined where it had done its work. */
  readonly ended: Promise<SpuFailure | undefined>;
  stop(): void;
}

/**
 * Starts the program of one party, in its folder `home`, where all of its scratch files lie. It gets a few names of an environment and nothing of ours, and ends
 * with this process. It listens on the loopback address that the job says.
 */
export function startSpu(
  python: string,
  job: SpuJob & SpuWork,
  { home, account }: { readonly home: string; readonly account: Account | undefined },
  hear: (event: SpuEvent) => void,
): SpuProcess {
  const names = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    TMPDIR: home,
    LANG: 'C.UTF-8',
    OMP_NUM_THREADS: '1',
    JAX_PLATFORMS: 'cpu',
  };
  const env = Object.entries(names).map(([name, value]) => `${name}=${value}`);
  const { child, ended, stop } = startGuarded([ENV, ...env, python, '-I', PROGRAM], {
    ...{ account, cwd: home, lines: ['pipe'], limits: ['--core=0'], hasChildren: true },
  });
  let isDone = false;
  let onDone: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (onDone = resolve));
  let failure: SpuFailure | undefined;
  const line = child.stdio[LINE] as Duplex | null;
  if (line) {
    line.on('error', () => undefined); // Of a process that has ended.
    const lines = createInterface({ input: line }).on('error', () => undefined);
    lines.on('line', (text) => {
      const event = eventOf(text);
      if (event?.ev === 'done') {
        isDone = true;
        onDone();
      } else if (event?.ev === 'failed') failure = CODES.find((code) => code === event.code) ?? 'PARTY_LOST';
      else if (event !== undefined) hear(event);
    });
    const spu = job.task === 'component' ? COMPONENTS_VERSION.spu : SPU_VERSION;
    line.write(`${JSON.stringify({ ...job, spu, parent: process.pid })}\n`);
  }
  return {
    done,
    ended: ended.then((end) => (isDone && end.kind === 'stopped' ? undefined : failureOf(end, failure))),
    stop,
  };
}

function failureOf(end: ProcessEnd, failure: SpuFailure | undefined): SpuFailure {
  if (end.kind === 'memory') return 'OUT_OF_MEMORY';
  // What starts it, and did not find it.
  if (end.kind === 'ended' && (end.how === 'ENOENT' || end.how === 'code 127')) return 'ENGINE_NOT_READY';
  return failure ?? 'PARTY_LOST';
}

type Told = SpuEvent | { readonly ev: 'done' } | { readonly ev: 'failed'; readonly code?: unknown };

/** An event of the program; undefined for all else that a library may write there. */
function eventOf(text: string): Told | undefined {
  try {
    const { ev, fraction, code, seconds } = JSON.parse(text) as Record<string, unknown>;
    if (ev === 'progress') return Number.isFinite(fraction) ? { ev, fraction: fraction as number } : undefined;
    if (ev === 'cpu') return Number.isFinite(seconds) ? { ev, seconds: seconds as number } : undefined;
    if (ev === 'failed') return { ev, code };
    return ev === 'ready' || ev === 'linked' || ev === 'done' ? { ev } : undefined;
  } catch {
    return undefined;
  }
}
