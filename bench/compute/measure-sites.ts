import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import {
  checkTaskParams,
  DealerDone,
  NEUTRAL,
  runTask,
  TaskFailure,
  type Json,
  type Site,
  type TaskParams,
  type TaskRun,
} from '#libs/compute';
import { describeMachine } from '../machine.js';
import type { TypeCase } from './case.js';
import { tablesOf } from './measure-type.js';
import type { MeasuredAtSites } from './measured-at-sites.js';
import { simulatedLink, type Network } from './simulated-link.js';

/** From site to site, ms. */
const DELAYS = [0, 20, 50] as const;
export const BYTES_PER_SECOND = 100e6 / 8;

/** Runs a case with each member at a separate site, over simulated networks of three delays and 100 Mbit/s; the sites are on this machine. */
export async function measureAtSites(typeCase: TypeCase): Promise<MeasuredAtSites> {
  const { type, tables } = typeCase;
  const load = loadavg()[0]!;
  const seconds: number[] = [];
  let bytes = 0;
  for (const delayMs of DELAYS) {
    const ran = await runAtSites(typeCase, delayMs);
    seconds.push(ran.seconds);
    ({ bytes } = ran);
  }
  const [atOnce, , slow] = seconds as [number, number, number];
  return {
    type,
    parties: Object.keys(tables).length,
    rows: Object.values(tables)[0]!.rows,
    seconds,
    // What the delay adds, over the delay.
    delays: Math.max(0, Math.round((slow - atOnce) / (DELAYS[2] / 1_000))),
    megabytes: bytes / 1e6,
    at: new Date().toISOString(),
    machine: describeMachine(),
    load,
  };
}

/** What a run came to. */
interface Ran {
  readonly seconds: number;
  /** Between all members, both ways; 0 on one machine. */
  readonly bytes: number;
  /** Undefined where the task found faults in its tables. */
  readonly result: Json | undefined;
}

/** Runs a case over a network of this delay. */
export const runAtSites = (typeCase: TypeCase, delayMs: number): Promise<Ran> =>
  onTables(typeCase, async (folder, config, inputs) => {
    const { type, tables } = typeCase;
    const links = new Links({ delayMs, bytesPerSecond: BYTES_PER_SECOND });
    const { members, params } = placed(type, Object.keys(tables), config);
    const began = performance.now();
    const [result] = await Promise.all(
      members.map((member) => takePart(links.of(member), { type, params, inputs, folder })),
    );
    return { seconds: (performance.now() - began) / 1_000, bytes: links.bytes, result };
  });

/** Runs a case with its parties' processes on one machine. */
export const runHere = (typeCase: TypeCase): Promise<Ran> =>
  onTables(typeCase, async (folder, config, inputs) => {
    const { type, tables } = typeCase;
    const params: TaskParams = {
      sf_init_config: { parties: Object.keys(tables), address: 'local' },
      task_config: config as Record<string, unknown>,
    };
    const began = performance.now();
    const { result } = await runTask(type, {
      ...runOf({ type, params, inputs, folder }),
      artifactRoot: join(folder, 'artifacts'),
    });
    return { seconds: (performance.now() - began) / 1_000, bytes: 0, result };
  });

/** Makes the tables of a case for some work, and removes them. */
async function onTables<T>(
  typeCase: TypeCase,
  work: (folder: string, config: object, inputs: Readonly<Record<string, Json>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  try {
    const { config, inputs } = await tablesOf(typeCase, folder);
    return await work(folder, config, inputs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Part {
  readonly type: string;
  readonly params: TaskParams;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly folder: string;
}

/** One member of a task: its program runs in a separate process, as at a site. Undefined at a dealer. */
async function takePart(site: Site, part: Part): Promise<Json | undefined> {
  const { type, folder } = part;
  // Files of the same name are made at each site.
  const artifactRoot = join(folder, 'sites', site.party);
  await mkdir(join(folder, 'artifacts'), { recursive: true });
  await cp(join(folder, 'artifacts'), artifactRoot, { recursive: true });
  return runTask(type, { ...runOf(part), artifactRoot, site }).then(
    ({ result }) => result,
    (error: unknown) => {
      // Its tables have what the rules of the case find.
      const hasFound = error instanceof TaskFailure && error.code === 'VALIDATION_FAILED';
      if (!(error instanceof DealerDone || hasFound)) throw error;
      return undefined;
    },
  );
}

const runOf = ({ params, inputs, folder }: Part): Omit<TaskRun, 'artifactRoot'> => ({
  ...{ chainId: 'bench', requestId: 'bench', taskId: 'task', attempt: 1, params, inputs },
  dataRoot: join(folder, 'data'),
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
});

/** The members of a task at sites, with a dealer where it needs one. */
function placed(type: string, parties: readonly string[], config: object): { members: string[]; params: TaskParams } {
  const of = (dealer: object): TaskParams => ({
    sf_init_config: { parties: [...parties].sort(), address: 'node', ...dealer },
    task_config: config as Record<string, unknown>,
  });
  const needsDealer = checkTaskParams(type, of({})).some(({ pointer }) => pointer === '/sf_init_config/dealer');
  return needsDealer
    ? { members: [...parties, NEUTRAL], params: of({ dealer: 'lab' }) }
    : { members: [...parties], params: of({}) };
}

/** The connections of each two members, with what crossed them. */
export class Links {
  bytes = 0;
  private readonly ends = new Map<string, Duplex>();

  constructor(private readonly network: Network) {}

  of(party: string): Site {
    return {
      party,
      meet: (others) => Promise.resolve(new Map(others.map((other) => [other, this.end(party, other)]))),
      crossed: () => undefined,
      leaves: () => Promise.resolve(),
    };
  }

  private end(here: string, there: string): Duplex {
    const name = `${here} ${there}`;
    if (!this.ends.has(name)) {
      const [near, far] = simulatedLink(this.network, (bytes) => (this.bytes += bytes));
      this.ends.set(name, near);
      this.ends.set(`${there} ${here}`, far);
    }
    return this.ends.get(name)!;
  }
}
