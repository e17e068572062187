import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireDiskRoom } from '../contract/disk-full.js';
import { OwnedRuns } from './owned-runs-for-tests.js';
import { ledgerFile, PartyLedger } from './party-ledger.js';

/** Runs a task while its disk, the one of temporary files, is full or fills up, and says as JSON what came of it. */
const ROWS = 100_000;
const BALLAST = join(tmpdir(), 'ballast');

const runs = await OwnedRuns.claim('alice', 'bob');
const root = join(runs.folder.path, 'data', 'alice');
const rows = Array.from({ length: ROWS }, (_, at) => [at, (at * 7) % 1009]);
const input_data = {
  alice: await runs.table('alice', 't', [['a', 'b'], ...rows]),
  bob: await runs.table('bob', 't', [['c', 'd'], ...rows]),
};

/** Fills the disk up to so many bytes. */
function leave(bytes: number): void {
  rmSync(BALLAST, { force: true });
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bytes < Infinity) writeFileSync(BALLAST, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
}

async function outcomeWith(bytes: number): Promise<object> {
  leave(bytes);
  const lines = (): number => readFileSync(ledgerFile(root), { encoding: 'utf8', flag: 'a+' }).split('\n').length;
  const before = lines();
  const run = runs.run('fillna', 'fill', { input_data, columns: ['a', 'b', 'c', 'd'], method: 'median' });
  const end = await run.then(
    ({ artifacts }) => ({ code: 'SUCCESS', artifacts: artifacts.length }),
    ({ code, retryable, message }: { code: string; retryable: boolean; message: string }) => ({
      code,
      retryable,
      message,
    }),
  );
  const left = (readdirSync(runs.folder.path, { recursive: true }) as string[]).filter((name) =>
    /\.(tmp|new)$|\.party\/rows\/\./.test(name),
  );
  return { ...end, left, noted: lines() > before };
}

async function ledgerWithout(): Promise<object> {
  const ledger = new PartyLedger(root);
  const serial = (at: number) => ({ kind: 'serial', subject: 'policy:'.padEnd(300, 'x'), serial: at }) as const;
  await ledger.append(serial(1));
  leave(0);
  let refused: string | undefined;
  // A page holds several lines: the one that finds no further page is cut off.
  for (let at = 2; refused === undefined; at++) {
    await ledger.append(serial(at)).catch((error: NodeJS.ErrnoException) => (refused = error.code));
  }
  const cut = !readFileSync(ledgerFile(root), 'utf8').endsWith('\n');
  leave(Infinity);
  await ledger.append(serial(1000));
  const { serials, uses } = await ledger.read();
  return { refused, cut, serial: [...serials.values()].includes(1000), uses: uses.length };
}

/** Whether there is room, as it is said at these times after the first look, ms: the disk is full from the second on, and free before the last. */
async function looksAt(times: readonly number[]): Promise<boolean[]> {
  // A whole number: 1,000 more is then 1,000 later.
  const from = Math.ceil(performance.now());
  const said: boolean[] = [];
  for (const [look, time] of times.entries()) {
    leave(look === 0 || look === times.length - 1 ? Infinity : 0);
    const isRoom = requireDiskRoom([tmpdir()], from + time).then(
      () => true,
      () => false,
    );
    said.push(await isRoom);
  }
  return said;
}

const outcomes = {
  looks: await looksAt([0, 999, 1_000, 1_001, 1_002]),
  full: await outcomeWith(500_000),
  rows: await outcomeWith(1_200_000),
  outputs: await outcomeWith(2_500_000),
  free: await outcomeWith(Infinity),
  ledger: await ledgerWithout(),
};
process.stdout.write(JSON.stringify(outcomes));
