import { mapToCurve } from '../mpc/elligator.js';
import { exchangeByOprf } from '../mpc/psi-by-oprf.js';
import { exchange } from '../mpc/psi-exchange.js';
import type { PartyProgram } from '../party/party-program.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { agreeOnKeys, agreeOnSalt } from './agree-on-keys.js';
import { scanKeys } from './key-scan.js';
import { exchangeByKkrt } from './kkrt/psi-by-kkrt.js';
import { outcomeOf, type PsiPartyValue } from './psi-outcome.js';
import { EXCHANGED, type RowsOfOutput } from './write-rows.js';

/** Arguments of one party, as `psi-run.ts` makes them. */
export interface PsiPartyArgs {
  readonly keys: readonly string[];
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** Whether this party, and the other, may learn the intersection. */
  readonly learns: boolean;
  readonly peerLearns: boolean;
  /** How keys are compared: by points under both secrets, or by oblivious pseudo-random functions on the curve or of transfers (KKRT). */
  readonly by: 'ecdh' | 'oprf' | 'kkrt';
  readonly allowEmpty: boolean;
  /** The rows of this party's output; null for none. */
  readonly rows: RowsOfOutput | null;
}

/** End on the progress bar of reading and hashing. The exchange comes next, then `writeRows`. */
const SCANNED = 0.2;

export const run: PartyProgram<PsiPartyArgs, PsiPartyValue> = async (context, args) => {
  const [peer] = context.peers as [string];
  context.progress(0, 'reading keys');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const keyIndexes = columnIndexes(table, args.keys);
    const salt = await agreeOnSalt(context);
    const scanned = (): void => context.progress(SCANNED * table.read(), 'reading keys');
    const scan = await scanKeys(table, keyIndexes, salt, scanned, args.by === 'kkrt' ? () => undefined : mapToCurve);
    const peerRows = await agreeOnKeys(context, peer, args.keys, scan.rows, scan.kinds);

    // Only who learns the intersection knows how many keys that is. But the peer chooses the rows in any case.
    await context.reserve({
      columns: [],
      keys: args.keys,
      to: args.peerLearns ? [peer] : [],
      counts: { keys: args.peerLearns ? Math.min(scan.rows, peerRows) : 0 },
    });
    const total = scan.rows + peerRows || 1;
    const side = {
      ...{ peer, peerRows, learns: args.learns, peerLearns: args.peerLearns },
      worked: (points: number) => context.progress(SCANNED + (EXCHANGED - SCANNED) * (points / total), 'blinding keys'),
    };
    const found =
      args.by === 'kkrt'
        ? await exchangeByKkrt(context, { ...side, hashes: scan.points, session: salt })
        : await (args.by === 'oprf' ? exchangeByOprf : exchange)(context, { ...side, points: scan.points });
    return await outcomeOf(context, {
      ...{ input, table, keys: args.keys, found, rows: scan.rows, peerRows, which: args.rows },
      ...{ isPrivate: args.learns && !args.peerLearns, allowEmpty: args.allowEmpty, outputPath: args.outputPath },
    });
  } finally {
    await input.close();
  }
};
