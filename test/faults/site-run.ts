import { spawn } from 'node:child_process';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { NEUTRAL, runTask, type TaskParams } from '#libs/compute';
import { guarded } from '#libs/local-postgres';
import { keptPort, TcpProxy, TestOwner, type Faketime } from '#libs/testing';
import { BIN, runningOf, TestSites, type Ran, type Running } from '../../apps/party-node/src/sites-for-tests.js';

export type Member = 'alice' | 'bob' | 'carol' | 'lab';
/** Types with sums, which three parties make without a dealer. */
const SUMS = ['federated_training', 'aggregate', 'table_statistics'] as const;
export const TYPES = ['psi', 'ss_lr', ...SUMS] as const;
export type Type = (typeof TYPES)[number];
/** Every run takes some seconds, so that it is struck before its end. */
const ROWS = 5_000;
/** Of what crosses from and to one site in a run of many rounds, under a fifth. */
const MIDST_PIECES = 60;
/** One that hangs ends here. */
const MOST_MS = 300_000;

const isSum = (type: Type): boolean => (SUMS as readonly Type[]).includes(type);
const partiesOf = (type: Type): readonly Member[] => (isSum(type) ? ['alice', 'bob', 'carol'] : ['alice', 'bob']);
/** Who takes part. Alice connects to bob, and both to the third. */
export const membersOf = (type: Type): readonly Member[] =>
  type === 'ss_lr' ? ['alice', 'bob', 'lab'] : partiesOf(type);

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

/** A task of two parties, and a dealer with `ss_lr`, or of three: a process each, and a proxy on each way between two of them. */
export class SiteRun {
  isOver = false;
  readonly all = new Map<Member, Running>();

  private constructor(
    private readonly sites: TestSites,
    readonly ways: Readonly<Record<'aliceToBob' | 'aliceToThird' | 'bobToThird', TcpProxy>>,
    private readonly type: Type,
  ) {}

  static async make(type: Type): Promise<SiteRun> {
    const sites = await TestSites.make();
    const keys: Record<string, string> = { ...sites.fingerprints };
    const add = async (site: Member, other: Member, ...more: string[]): Promise<void> => {
      await sites.command(site, 'peers', 'rm', other);
      await sites.command(site, 'peers', 'add', other, keys[other]!, ...more);
    };
    const third = isSum(type) ? 'carol' : 'lab';
    if (third === 'carol') {
      const listen = `127.0.0.1:${await keptPort()}`;
      keys[third] = (await sites.command(third, 'init', third, '--listen', listen)).out.trim();
      for (const other of ['alice', 'bob'] as const) await add(third, other);
    }
    const over = async (site: Member, other: Member, ...more: string[]): Promise<TcpProxy> => {
      const way = await TcpProxy.start(await sites.portOf(other));
      await add(site, other, '--address', `127.0.0.1:${way.port}`, ...more);
      return way;
    };
    const dealer = third === 'lab' ? ['--dealer'] : [];
    const ways = {
      aliceToBob: await over('alice', 'bob'),
      aliceToThird: await over('alice', third, ...dealer),
      bobToThird: await over('bob', third, ...dealer),
    };
    for (const party of partiesOf(type)) {
      await sites.table(party, 'rows.csv', isSum(type) ? shardOf(party) : rowsOf(party as 'alice' | 'bob'));
      if (type === 'aggregate')
        await writeFile(join(sites.path, party, 'data', party, 'model.json'), JSON.stringify(modelOf(party)));
      if (type === 'table_statistics') await claim(join(sites.path, party), party);
    }
    return new SiteRun(sites, ways, type);
  }

  /** Each way that the run uses. */
  get used(): readonly TcpProxy[] {
    return this.type === 'psi' ? [this.ways.aliceToBob] : Object.values(this.ways);
  }

  /** How many pieces have crossed between a member and the others, either way. */
  piecesOf(member: Member): number {
    const { aliceToBob, aliceToThird, bobToThird } = this.ways;
    const own =
      member === 'alice'
        ? [aliceToBob, aliceToThird]
        : member === 'bob'
          ? [aliceToBob, bobToThird]
          : [aliceToThird, bobToThird];
    return own.reduce((sum, { pieces }) => sum + pieces, 0);
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

  /** The result of the same task with all parties on this machine; undefined if that is another one in each run. */
  async local(): Promise<unknown> {
    if (this.type === 'table_statistics') return undefined;
    const folder = join(this.sites.path, 'local');
    for (const party of partiesOf(this.type))
      await cp(join(this.sites.path, party, 'data', party), join(folder, 'data', party), { recursive: true });
    const { result } = await runTask(this.type, {
      ...{ chainId: 'joint', taskId: this.type, attempt: 1, requestId: 'r', inputs: {} },
      ...{ params: taskOf(this.type).task_params },
      ...{ dataRoot: join(folder, 'data'), artifactRoot: join(folder, 'artifacts') },
      ...{ signal: new AbortController().signal, progress: () => undefined, log: () => undefined },
    });
    return result;
  }

  async remove(): Promise<void> {
    this.isOver = true;
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

/** Rows of one party alone, of the columns that all have. */
const shardOf = (party: Member): (string | number)[][] => {
  const at = partiesOf('aggregate').indexOf(party);
  const rows = Array.from({ length: ROWS }, (_, row) => [valueOf(row, at), valueOf(row, at + 1)] as const);
  return [['p', 'q', 'y'], ...rows.map(([p, q]) => [p, q, Number(p + q > 1)])];
};
/** Claims the folder of a party, which allows figures with noise of its table. */
async function claim(site: string, party: Member): Promise<void> {
  const owner = await TestOwner.claim(join(site, 'data'), party);
  const policy = {
    ...{ kind: 'policy', dataset: 'rows', expires_at: '2999-01-01T00:00:00Z', budget: { epsilon: 2 } },
    ...{ bounds: { p: { min: 0, max: 1 }, q: { min: 0, max: 1 } } },
    rules: [{ effect: 'allow', task_types: ['table_statistics'] }],
  };
  const statements = [await owner.sign(await owner.dataset('rows', 'rows.csv')), await owner.sign(policy as never)];
  await writeFile(join(site, 'statements.json'), JSON.stringify(statements));
}
const modelOf = (party: Member): object => ({
  ...{ format: 'taskchain/regression/v1', objective: 'linear', label: 'y', features: ['p', 'q'] },
  ...{ weights: [valueOf(ROWS, party.length), 1], intercept: 0.5, rows: ROWS },
});

function taskOf(type: Type, { epochs = 2, batchSize = 500 }: Schedule = {}) {
  const parties = partiesOf(type);
  const each = <T>(value: T): Record<string, T> => Object.fromEntries(parties.map((party) => [party, value]));
  const config: Readonly<Record<Type, object>> = {
    psi: { keys: each(['id']), input_paths: each('rows.csv') },
    ss_lr: {
      ...{ features: { alice: ['x'], bob: ['p', 'q'] }, label: 'y', label_party: 'alice' },
      ...{ train_data: each('rows.csv'), params: { epochs, batch_size: batchSize } },
    },
    federated_training: {
      ...{ train_data: each('rows.csv'), features: ['p', 'q'], label: 'y', params: { rounds: 20, batch_size: 0 } },
    },
    aggregate: { models: each('model.json') },
    table_statistics: {
      input_data: Object.fromEntries(parties.map((party) => [party, `dataset:${party}/rows@1`])),
      ...{ columns: ['p', 'q'], epsilon: 1, joint: true },
    },
  };
  const params = { sf_init_config: { parties }, task_config: config[type] };
  return { chain_id: 'joint', task_id: type, task_type: type, task_params: params as unknown as TaskParams };
}

/** The name of a member in what the others say. */
const nameOf = (member: Member): string => (member === 'lab' ? NEUTRAL : member);

/** How often a connection went on over another one: both ends say so, of which one connects. */
export const reconnectsOf = (ends: ReadonlyMap<Member, Ran>): number =>
  timesSaid(ends.get('alice'), 'goes on with ') +
  timesSaid(ends.get('bob'), `goes on with ${NEUTRAL}`) +
  timesSaid(ends.get('bob'), 'goes on with carol');

const timesSaid = (ran: Ran | undefined, words: string): number => (ran?.err ?? '').split(words).length - 1;

/** What is wrong with the ends of a run that no fault may change. Without a local result, which noise makes another one, all have to have one. */
export function otherThan(local: unknown, ends: ReadonlyMap<Member, Ran>): string[] {
  let first: unknown;
  return [...ends].flatMap(([site, { code, out, err }]) => {
    if (code !== 0) return [`${site} ended with ${code}: ${lastLineOf(err)}`];
    if (site === 'lab') return out === '' ? [] : ['lab was given a result'];
    const { result } = JSON.parse(out) as { readonly result: unknown };
    first ??= result;
    if (local === undefined) return isDeepStrictEqual(result, first) ? [] : [`${site} has another result than others`];
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
export const begun = (run: SiteRun, site: Member): Promise<void> => run.all.get(site)!.said('started ');

/** Resolves once the programs of all run, so that nobody greets any more. */
export const allBegun = (run: SiteRun): Promise<unknown> =>
  Promise.all([...run.all.keys()].map((site) => begun(run, site)));

/** Resolves once the program of a site has said and heard so much that it is in the midst of its work. */
export async function midst(run: SiteRun, site: Member): Promise<void> {
  await begun(run, site);
  const before = run.piecesOf(site);
  while (!run.isOver && run.piecesOf(site) < before + MIDST_PIECES) await delay(5);
}

/** Strikes again and again, so that some of the blows fall into the middle of what is sent. */
export async function again(run: SiteRun, times: number, blow: () => void): Promise<void> {
  await allBegun(run);
  for (let done = 0; done < times && !run.isOver; done += 1) {
    blow();
    await delay(700);
  }
}
