import { setTimeout as delay } from 'node:timers/promises';
import { findFaketime, type Faketime } from '#libs/testing';
import { residentMiBOf } from './resident.js';
import {
  again,
  begun,
  membersOf,
  notLost,
  otherThan,
  reconnectsOf,
  SiteRun,
  TYPES,
  type Member,
  type Type,
} from './site-run.js';

/** What is done to a run. */
interface Blow {
  readonly name: string;
  /** Of each piece from one site to another, ms. */
  readonly delayMs?: number;
  readonly off?: { readonly member: Member; readonly seconds: number };
  /** Who is killed or cut off for good, and named by all others; absent: the result is the same. */
  readonly lost?: Member;
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
    strike: (run) => begun(run).then(() => run.used.forEach((way) => way.swallow())),
  },
  {
    name: 'no packet arrives for 10 s',
    leastSeconds: 10,
    async strike(run) {
      await begun(run);
      run.used.forEach((way) => way.hold());
      await delay(10_000);
      run.used.forEach((way) => way.letGo());
    },
  },
  {
    name: 'bob cannot be reached for over 30 s',
    lost: 'bob',
    async strike(run) {
      await begun(run);
      run.ways.aliceToBob.cut();
      run.ways.bobToLab.cut();
    },
  },
  ...(['alice', 'bob', 'lab'] as const).map((member) => clockOff(member, member === 'bob' ? -600 : 600)),
  ...(['alice', 'bob', 'lab'] as const).flatMap((member) => [
    killed(member, 'once all have accepted', (run) => run.all.get(member)!.said('all have accepted')),
    killed(member, 'once its program runs', (run) => begun(run, member)),
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
    for (const way of run.used) way.latencyMs = blow.delayMs ?? 0;
    const [startedAt, began] = [Date.now(), performance.now()];
    run.start(await run.prepare(), blow.off && { ...blow.off, clock });
    // A site that ends before it says what is waited for is not struck: how the run ends shows it.
    const struck = blow.strike?.(run).catch(() => undefined);
    const ends = await run.ended();
    await struck;
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    const reconnects = reconnectsOf(ends);
    const { lost, off, leastSeconds = 0 } = blow;
    const violations = lost === undefined ? otherThan(await localOf(run), ends) : notLost(lost, ends);
    if (blow.reconnects && reconnects === 0) violations.push('no connection came again: none was cut in time');
    if (seconds < leastSeconds) violations.push(`it took ${seconds} s: it had ended before`);
    if (off && Math.abs((await run.clockOf(off.member, startedAt)) - off.seconds) > 60)
      violations.push(`the clock of ${off.member} was not ${off.seconds} s off`);
    const well = lost === undefined ? 'the result of one machine' : `\`PARTY_LOST\`, which names ${titleOf(lost)}`;
    return { outcome: violations.length > 0 ? 'VIOLATION' : well, seconds, reconnects, violations };
  } finally {
    await run.remove();
  }
}

/** Memory of alice and her program in a training with a peer that is slow, after a sixth of the minutes and at their end, MiB. */
export async function memoryBesideSlowPeer(
  minutes: number,
): Promise<{ readonly early: number; readonly late: number }> {
  const run = await SiteRun.make('ss_lr');
  try {
    for (const way of run.used) way.latencyMs = 100;
    // 1,000 epochs of 100 steps of two rounds: five hours at least.
    run.start(await run.prepare({ epochs: 1_000, batchSize: 50 }));
    await begun(run);
    const alice = run.all.get('alice')!;
    const after = async (share: number): Promise<number> => {
      const over = await Promise.race([delay(minutes * 60_000 * share, undefined), alice.ended]);
      if (over !== undefined) throw new Error(`the run ended: ${over.err}`);
      return residentMiBOf(alice.process.pid!);
    };
    const early = await after(1 / 6);
    return { early, late: await after(5 / 6) };
  } finally {
    await run.remove();
  }
}
