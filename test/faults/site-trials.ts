import { setTimeout as delay } from 'node:timers/promises';
import { findFaketime, type Faketime } from '#libs/testing';
import {
  again,
  allBegun,
  begun,
  membersOf,
  midst,
  notLost,
  otherThan,
  reconnectsOf,
  SiteRun,
  TYPES,
  type Member,
  type Type,
} from './site-run.js';

const STRUCK_DELAY_MS = 50;

/** What is done to a run. */
interface Blow {
  readonly name: string;
  /** The types that it is tried on: absent, all. */
  readonly types?: readonly Type[];
  /** Of each piece from one site to another, ms. */
  readonly delayMs?: number;
  readonly off?: { readonly member: Member; readonly seconds: number };
  /** Who is killed or cut off for good, and named by all others; absent: the result is the same. */
  readonly lost?: Member;
  /** Who is lost may have done all of its part: then the others have the result. */
  readonly mayHaveDoneAll?: boolean;
  /** Connections are cut: one has to come again. */
  readonly reconnects?: true;
  /** The run cannot have ended before. */
  readonly leastSeconds?: number;
  strike?(run: SiteRun): Promise<void>;
}

/** What came of it. */
interface SiteRow {
  readonly number: number;
  readonly type: Type;
  readonly blow: string;
  readonly outcome: string;
  readonly seconds: number;
  readonly reconnects: number;
  readonly violations: readonly string[];
}

const titleOf = (member: Member): string => (member === 'lab' ? 'the dealer' : member);
const killed = (member: Member, stage: string, begins: (run: SiteRun) => Promise<void>): Blow => ({
  name: `kill -9 of ${titleOf(member)}, ${stage}`,
  lost: member,
  async strike(run) {
    await begins(run);
    run.all.get(member)!.process.kill('SIGKILL');
  },
});
const clockOff = (member: Member, seconds: number): Blow => ({
  name: `the clock of ${titleOf(member)} is 10 min ${seconds < 0 ? 'behind' : 'ahead'}`,
  off: { member, seconds },
});

const MEMBERS = ['alice', 'bob', 'lab', 'carol'] as const;
const BLOWS: readonly Blow[] = [
  { name: 'nothing' },
  { name: 'a delay of 20 ms each way', delayMs: 20 },
  { name: 'a delay of 100 ms each way', delayMs: 100 },
  {
    name: 'all connections are cut five times, at any byte',
    reconnects: true,
    strike: (run) => again(run, 5, () => run.used.forEach((way) => way.cutAll())),
  },
  {
    name: 'all connections are half-open: what is sent is swallowed',
    reconnects: true,
    strike: (run) => allBegun(run).then(() => run.used.forEach((way) => way.swallow())),
  },
  {
    name: 'no packet arrives for 10 s',
    leastSeconds: 10,
    async strike(run) {
      await allBegun(run);
      run.used.forEach((way) => way.hold());
      await delay(10_000);
      run.used.forEach((way) => way.letGo());
    },
  },
  {
    name: 'bob cannot be reached for over 30 s',
    lost: 'bob',
    async strike(run) {
      await allBegun(run);
      run.ways.aliceToBob.cut();
      run.ways.bobToThird.cut();
    },
  },
  ...MEMBERS.map((member) => clockOff(member, member === 'bob' ? -600 : 600)),
  ...MEMBERS.flatMap((member) => [
    killed(member, 'once all have accepted', (run) => run.all.get(member)!.said('all have accepted')),
    killed(member, 'once its program runs', (run) => begun(run, member)),
    {
      ...killed(member, 'in the midst', (run) => midst(run, member)),
      types: ['ss_lr', 'federated_training'] as const,
      // A dealer is ahead of the parties.
      mayHaveDoneAll: member === 'lab',
    },
  ]),
];

/** Tries each blow on each type, or those with these numbers. `leftOut` hears of those that cannot be tried here. */
export async function tryAtSites(
  only: readonly number[] | undefined,
  say: (row: SiteRow) => void,
  leftOut: (words: string) => void,
): Promise<SiteRow[]> {
  const clock = await findFaketime();
  const rows: SiteRow[] = [];
  try {
    for (const type of TYPES) {
      let local: unknown;
      for (const [at, blow] of BLOWS.entries()) {
        const member = blow.lost ?? blow.off?.member;
        if (member !== undefined && !membersOf(type).includes(member)) continue;
        if (blow.types && !blow.types.includes(type)) continue;
        if (only && !only.includes(at + 1)) continue;
        if (blow.off && clock.skip !== false) {
          leftOut(`${blow.name}, ${type}, is left out: ${clock.skip}`);
          continue;
        }
        const row = await tryOnce(type, blow, clock, async (run) => (local ??= await run.local())).catch(
          (error: unknown) => failed((error as Error).stack ?? String(error)),
        );
        rows.push({ number: at + 1, type, blow: blow.name, ...row });
        say(rows.at(-1)!);
      }
    }
  } finally {
    clock.remove();
  }
  return rows;
}

type Outcome = Omit<SiteRow, 'number' | 'type' | 'blow'>;
const failed = (why: string): Outcome => ({
  ...{ outcome: 'VIOLATION', seconds: 0, reconnects: 0, violations: [`it could not be run: ${why}`] },
});

async function tryOnce(
  type: Type,
  blow: Blow,
  clock: Faketime,
  localOf: (run: SiteRun) => Promise<unknown>,
): Promise<Outcome> {
  const run = await SiteRun.make(type);
  try {
    // Some runs are over within a second: under a delay there is time to strike.
    for (const way of run.used) way.latencyMs = blow.delayMs ?? (blow.strike ? STRUCK_DELAY_MS : 0);
    const [startedAt, began] = [Date.now(), performance.now()];
    run.start(await run.prepare(), blow.off && { ...blow.off, clock });
    // A site that ends before it says what is waited for is not struck: how the run ends shows it.
    const struck = blow.strike?.(run).catch(() => undefined);
    const ends = await run.ended();
    await struck;
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    const reconnects = reconnectsOf(ends);
    const { lost, off, leastSeconds = 0 } = blow;
    const others = new Map([...ends].filter(([site]) => site !== lost));
    const hasDoneAll = blow.mayHaveDoneAll === true && [...others.values()].every(({ code }) => code === 0);
    const isLost = lost !== undefined && !hasDoneAll;
    const violations = isLost ? notLost(lost, ends) : otherThan(await localOf(run), others);
    if (blow.reconnects && reconnects === 0) violations.push('no connection came again: none was cut in time');
    if (seconds < leastSeconds) violations.push(`it took ${seconds} s: it had ended before`);
    if (off && Math.abs((await run.clockOf(off.member, startedAt)) - off.seconds) > 60)
      violations.push(`the clock of ${off.member} was not ${off.seconds} s off`);
    const same = type === 'table_statistics' ? 'one result at all' : 'the result of one machine';
    const well = isLost ? `\`PARTY_LOST\`, which names ${titleOf(lost)}` : same;
    return { outcome: violations.length > 0 ? 'VIOLATION' : well, seconds, reconnects, violations };
  } finally {
    await run.remove();
  }
}
