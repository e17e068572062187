import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartyProgram } from '../party/party-program.js';
import { agreeOnKeys, agreeOnSalt } from '../psi/agree-on-keys.js';
import { scanKeys } from '../psi/key-scan.js';
import { outcomeOf, type PsiPartyValue } from '../psi/psi-outcome.js';
import type { PsiPartyArgs } from '../psi/psi-party.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { agreeOnSpu } from './agree-on-spu.js';
import { FILES, SCANNED } from './spu-files.js';
import { readFound, writeKeys } from './spu-keys.js';

export interface SpuPsiPartyArgs extends Omit<PsiPartyArgs, 'by'> {
  /** Of this run alone, among the party's artifacts of the task. */
  readonly folder: string;
  /** Its version of SPU, where a test says another one. */
  readonly spu?: string;
}

/**
 * Reads and checks the keys of the party's table as the native program does, leaves their hashes for the party's process on SPU, and writes the rows of those
 * that it found.
 */
export const run: PartyProgram<SpuPsiPartyArgs, PsiPartyValue> = async (context, args) => {
  const [peer] = context.peers as [string];
  await agreeOnSpu(context, args.spu);
  context.progress(0, 'reading keys');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const salt = await agreeOnSalt(context);
    const read = (): void => context.progress(SCANNED * table.read(), 'reading keys');
    // SPU maps hashes to its curve itself.
    const scan = await scanKeys(table, columnIndexes(table, args.keys), salt, read, () => undefined);
    const peerRows = await agreeOnKeys(context, peer, args.keys, scan.rows, scan.kinds);
    await context.reserve({
      columns: [],
      keys: args.keys,
      to: args.peerLearns ? [peer] : [],
      counts: { keys: args.peerLearns ? Math.min(scan.rows, peerRows) : 0 },
    });
    await mkdir(args.folder, { recursive: true, mode: 0o700 });
    await writeKeys(join(args.folder, FILES.keys), scan.points, scan.rows);
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
