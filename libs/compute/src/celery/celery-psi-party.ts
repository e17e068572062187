import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import { POINT_BYTES } from '../mpc/curve.js';
import type { PartyProgram } from '../party/party-program.js';
import { agreeOnKeys, agreeOnSalt } from '../psi/agree-on-keys.js';
import { scanKeys } from '../psi/key-scan.js';
import { outcomeOf, type PsiPartyValue } from '../psi/psi-outcome.js';
import type { PsiPartyArgs } from '../psi/psi-party.js';
import { FILES, SCANNED } from '../secretflow/spu-files.js';
import { readFound, writeKeys } from '../secretflow/spu-keys.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';

export interface CeleryPsiPartyArgs extends Omit<PsiPartyArgs, 'by'> {
  /** Of this task at the fleet alone, among the party's artifacts. */
  readonly folder: string;
  /** Whether the fleet has the keys already, from an attempt that lost its worker. */
  readonly isAdopted: boolean;
}

/** What a later attempt needs to read what the fleet makes of these keys. */
interface Kept {
  readonly salt: string;
  /** Of the hashes, in the order of the table. */
  readonly digest: string;
}

const KEPT = 'kept.json';

/**
 * Reads and checks the keys of the party's table as the native program does, leaves their hashes for the fleet, and writes the rows of those that it found. Salt and hashes never reach the
 * fleet together.
 */
export const run: PartyProgram<CeleryPsiPartyArgs, PsiPartyValue> = async (context, args) => {
  const [peer] = context.peers as [string];
  context.progress(0, 'reading keys');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const kept = args.isAdopted ? await readKept(args.folder) : undefined;
    const salt = kept === undefined ? await agreeOnSalt(context) : Buffer.from(kept.salt, 'base64');
    const read = (): void => context.progress(SCANNED * table.read(), 'reading keys');
    const scan = await scanKeys(table, columnIndexes(table, args.keys), salt, read, () => undefined);
    const peerRows = await agreeOnKeys(context, peer, args.keys, scan.rows, scan.kinds);
    const hashes = scan.points.subarray(0, scan.rows * POINT_BYTES);
    const digest = createHash('sha256').update(hashes).digest('base64');
    if (kept !== undefined && kept.digest !== digest) {
      const message = `Party ${context.party}: its table is another than the one that the fleet computes on.`;
      throw new TaskFailure('INPUT_CHANGED', message, true);
    }
    await context.reserve({
      columns: [],
      keys: args.keys,
      to: args.peerLearns ? [peer] : [],
      counts: { keys: args.peerLearns ? Math.min(scan.rows, peerRows) : 0 },
    });
    if (kept === undefined) {
      await mkdir(args.folder, { recursive: true, mode: 0o700 });
      await writeKeys(join(args.folder, FILES.keys), scan.points, scan.rows);
      const toKeep: Kept = { salt: salt.toString('base64'), digest };
      await writeFile(join(args.folder, KEPT), JSON.stringify(toKeep), { mode: 0o600 });
    }
    await context.stillAllowed();
    await context.outside();
    const places = args.learns
      ? await readFound(context.party, join(args.folder, FILES.found), scan.points, scan.rows, peerRows)
      : null;
    return await outcomeOf(context, {
      ...{ input, table, keys: args.keys, found: { places }, rows: scan.rows, peerRows, which: args.rows },
      ...{ isPrivate: args.learns && !args.peerLearns, allowEmpty: args.allowEmpty, outputPath: args.outputPath },
    });
  } finally {
    await input.close();
  }
};

async function readKept(folder: string): Promise<Kept> {
  return JSON.parse(await readFile(join(folder, KEPT), 'utf8')) as Kept;
}
