import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { NEUTRAL, runTask, type TaskParams } from '#libs/compute';
import { guarded } from '#libs/local-postgres';
import { TcpProxy, type Faketime } from '#libs/testing';
import { BIN, runningOf, TestSites, type Ran, type Running } from '../../apps/party-node/src/sites-for-tests.js';

export type Member = 'alice' | 'bob' | 'lab';
export const TYPES = ['psi', 'ss_lr'] as const;
export type Type = (typeof TYPES)[number];
/** Every run takes some seconds, so that it is struck before its end. */
const ROWS = 5_000;
/** One that hangs ends here. */
const MOST_MS = 300_000;

/** Who takes part. Alice connects to bob, and both to the dealer. */
export const membersOf = (type: Type): readonly Member[] =>
  type === 'psi' ? ['alice', 'bob'] : ['alice', 'bob', 'lab'];

/** How long a training is. */
interface Schedule {
  readonly epochs?: number;
  readonly batchSize?: number;
}

/** A clock that is off at one site. */
interface ClockOff {
  readonly member: Member;
  readonly seconds: number;
  readonly clock: Faketime;
}

/** A task of two parties, and a dealer with `ss_lr`: a process each, and a proxy on each way between two of them. */
export class SiteRun {
  isOver = false;
  readonly all = new Map<Member, Running>();

  private constructor(
    private readonly sites: TestSites,
    readonly ways: Readonly<Record<'aliceToBob' | 'aliceToLab' | 'bobToLab', TcpProxy>>,
    private readonly type: Type,
  ) {}

  static async make(type: Type): Promise<SiteRun> {
    const sites = await TestSites.make();
    const over = async (site: string, other: string, ...more: string[]): Promise<TcpProxy> => {
      const way = await TcpProxy.start(await sites.portOf(other));
      await sites.command(site, 'peers', 'rm', other);
      await sites.add(site, other, '--address', `127.0.0.1:${way.port}`, ...more);
      return way;
    };
    const ways = {
      aliceToBob: await over('alice', 'bob'),
      aliceToLab: await over('alice', 'lab', '--dealer'),
      bobToLab: await over('bob', 'lab', '--dealer'),
    };
    for (const party of ['alice', 'bob'] as const) await sites.table(party, 'rows.csv', rowsOf(party));
    return new SiteRun(sites, ways, type);
  }

  /** Each way that the run uses. */
  get used(): readonly TcpProxy[] {
    const { aliceToBob, aliceToLab, bobToLab } = this.ways;
    return this.type === 'psi' ? [aliceToBob] : [aliceToBob, aliceToLab, bobToLab];
  }

  /** Writes the task, and returns what starts a site's part of it. */
  async prepare(schedule?: Schedule): Promise<readonly string[]> {
    const { path, hash } = await this.sites.task(taskOf(this.type, schedule));
    return [BIN, 'run', path, '--accept', hash, '--wait', '2'];
  }

  start(command: readonly string[], off?: ClockOff): void {
    const steps = join(this.sites.path, 'clock');
    off?.clock.set(steps, off.seconds);
    for (const site of membersOf(this.type)) {
      const env = { ...process.env, ...(off?.member === site && off.clock.env(steps)) };
      const args = [...command, '--folder', join(this.sites.path, site)];
      const child = guarded(() => spawn(process.execPath, args, { stdio: 'pipe', env }), 'TERM');
      this.all.set(site, runningOf(child));
    }
  }

  /** What each site came to; one that hangs is killed, which its exit code shows. */
  async ended(): Promise<Map<Member, Ran>> {
    const late = setTimeout(() => this.killAll(), MOST_MS);
    const found = new Map<Member, Ran>();
    for (const [site, { ended }] of this.all) found.set(site, await ended);
    clearTimeout(late);
    this.isOver = true;
    return found;
  }

  /** How far the clock of a site was from that of this machine as its run began, s. */
  async clockOf(site: Member, startedAt: number): Promise<number> {
    const [record] = (await readdir(join(this.sites.path, site, 'runs'))).sort();
    const { begun } = JSON.parse(await this.sites.read(site, 'runs', record!)) as { readonly begun: string };
    return (Date.parse(begun) - startedAt) / 1_000;
  }

  /** The result of the same task with all parties on this machine. */
  async local(): Promise<unknown> {
    const folder = join(this.sites.path, 'local');
    for (const party of ['alice', 'bob']) {
      await mkdir(join(folder, 'data', party), { recursive: true });
      await writeFile(join(folder, 'data', party, 'rows.csv'), await this.sites.read(party, 'data', party, 'rows.csv'));
    }
    const { result } = await runTask(this.type, {
      ...{ chainId: 'joint', taskId: this.type, attempt: 1, requestId: 'r', inputs: {} },
      ...{ params: taskOf(this.type).task_params },
      ...{ dataRoot: join(folder, 'data'), artifactRoot: join(folder, 'artifacts') },
      ...{ signal: new AbortController().signal, progress: () => undefined, log: () => undefined },
    });
    return result;
  }

  async remove(): Promise<void> {
    this.killAll();
    await Promise.all(Object.values(this.ways).map((way) => way.stop()));
    await this.sites.remove();
  }

  private killAll(): void {
    for (const { process: child } of this.all.values()) child.kill('SIGKILL');
  }
}

const valueOf = (row: number, column: number): number => ((row * (7 + 4 * column) + 3 * column) % 101) / 101;
/** Keys that both have but for a fifth; features, and alice's label, row by row. */
function rowsOf(party: 'alice' | 'bob'): (string | number)[][] {
  const isAlice = party === 'alice';
  return [
    isAlice ? ['id', 'x', 'y'] : ['id', 'p', 'q'],
    ...Array.from({ length: ROWS }, (_, row) => [
      isAlice ? row : row + ROWS / 5,
      valueOf(row, isAlice ? 0 : 1),
      isAlice ? Number(valueOf(row, 0) + valueOf(row, 2) > 1) : valueOf(row, 2),
    ]),
  ];
}

function taskOf(type: Type, { epochs = 2, batchSize = 500 }: Schedule = {}) {
  const both = { alice: 'rows.csv', bob: 'rows.csv' };
  const config =
    type === 'psi'
      ? { keys: { alice: ['id'], bob: ['id'] }, input_paths: both }
      : {
          ...{ features: { alice: ['x'], bob: ['p', 'q'] }, label: 'y', label_party: 'alice', train_data: both },
          params: { epochs, batch_size: batchSize },
        };
  const params = { sf_init_config: { parties: ['alice', 'bob'] }, task_config: config };
  return { chain_id: 'joint', task_id: type, task_type: type, task_params: params as unknown as TaskParams };
}

/** The name of a member in what the others say. */
const nameOf = (member: Member): string => (member === 'lab' ? NEUTRAL : member);

/** How often a connection went on over another one: both ends say so, of which one connects. */
export const reconnectsOf = (ends: ReadonlyMap<Member, Ran>): number =>
  timesSaid(ends.get('alice'), 'goes on with ') + timesSaid(ends.get('bob'), `goes on with ${NEUTRAL}`);

const timesSaid = (ran: Ran | undefined, words: string): number => (ran?.err ?? '').split(words).length - 1;

/** What is wrong with the ends of a run that no fault may change. */
export function otherThan(local: unknown, ends: ReadonlyMap<Member, Ran>): string[] {
  return [...ends].flatMap(([site, { code, out, err }]) => {
    if (code !== 0) return [`${site} ended with ${code}: ${lastLineOf(err)}`];
    if (site === 'lab') return out === '' ? [] : ['lab was given a result'];
    const { result } = JSON.parse(out) as { readonly result: unknown };
    return isDeepStrictEqual(result, local) ? [] : [`${site} has another result than on one machine`];
  });
}

/** What is wrong with the ends of a run that lost this member: all others say so, and nobody has a result. */
export function notLost(lost: Member, ends: ReadonlyMap<Member, Ran>): string[] {
  const name = nameOf(lost);
  const words = `(Party ${name} was lost|from ${name}, which was lost|site of ${name}(?! says))`;
  const names = new RegExp(`^PARTY_LOST: .*${words}`, 'm');
  return [...ends].flatMap(([site, { code, out, err }]) => {
    const wrong = (what: string): string[] => [`${site} ended with ${code}, ${what}: ${lastLineOf(err)}`];
    if (out !== '') return wrong('and has a result');
    // One that was killed says nothing more; one that was cut off does not know who the others have lost.
    if (site === lost) return code === null || (code === 4 && /^PARTY_LOST: /m.test(err)) ? [] : wrong('not cleanly');
    return code === 4 && names.test(err) ? [] : wrong(`and does not say that ${lost} was lost`);
  });
}

const lastLineOf = (err: string): string => err.trim().split('\n').at(-1) ?? '';

/** Resolves once a site says that its program runs. */
export const begun = (run: SiteRun, site: Member = 'alice'): Promise<void> => run.all.get(site)!.said('started ');

/** Strikes again and again, so that some of the blows fall into the middle of what is sent. */
export async function again(run: SiteRun, times: number, blow: () => void): Promise<void> {
  await begun(run);
  for (let done = 0; done < times && !run.isOver; done += 1) {
    blow();
    await delay(700);
  }
}
