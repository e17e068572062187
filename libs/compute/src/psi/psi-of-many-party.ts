import { randomBytes } from 'node:crypto';
import { violation } from '../contract/peer-message.js';
import { followIntersection, leadIntersection } from '../mpc/psi-of-many.js';
import { PAIR_KEY_BYTES } from '../mpc/zero-shares.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { agreeOnKeys, agreeOnSalt } from './agree-on-keys.js';
import { scanKeys } from './key-scan.js';
import { outcomeOf, type PsiPartyValue } from './psi-outcome.js';
import { EXCHANGED } from './write-rows.js';

/** Arguments of one party, as `psi-run.ts` makes them. */
export interface PsiOfManyArgs {
  readonly keys: readonly string[];
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** The party that finds the intersection. */
  readonly leader: string;
  /** Whether it alone learns the intersection; else all do. */
  readonly leaderAlone: boolean;
  readonly allowEmpty: boolean;
}

/** End on the progress bar of reading and hashing. Then comes the exchange. */
const SCANNED = 0.2;

/** One party of `psi` of three and more. Throws as `psi-party.ts` does. */
export const run: PartyProgram<PsiOfManyArgs, PsiPartyValue> = async (context, args) => {
  const { keys, leader, leaderAlone } = args;
  const isLeader = context.party === leader;
  context.progress(0, 'reading keys');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const keyIndexes = columnIndexes(table, keys);
    const salt = await agreeOnSalt(context);
    const pairKeys = await agreeOnPairKeys(context);
    const scan = await scanKeys(table, keyIndexes, salt, () =>
      context.progress(SCANNED * table.read(), 'reading keys'),
    );
    const rowsOf = new Map<string, number>();
    for (const peer of isLeader ? context.peers : [leader])
      rowsOf.set(peer, await agreeOnKeys(context, peer, keys, scan.rows, scan.kinds));
    const learners = leaderAlone ? [leader] : [...context.peers];
    const to = learners.filter((party) => party !== context.party);
    await context.reserve({
      columns: [],
      keys,
      to,
      counts: { keys: to.length === 0 ? 0 : Math.min(scan.rows, ...rowsOf.values()) },
    });
    const total = scan.rows * (isLeader ? context.peers.length + 1 : 1) + (isLeader ? 0 : rowsOf.get(leader)!) || 1;
    const worked = (points: number): void =>
      context.progress(SCANNED + (EXCHANGED - SCANNED) * (points / total), 'blinding keys');
    const side = { points: scan.points, pairKeys, worked };
    const places = isLeader
      ? await leadIntersection(context, { ...side, rowsOf, tells: !leaderAlone })
      : await followIntersection(context, { ...side, leader, leaderRows: rowsOf.get(leader)!, learns: !leaderAlone });
    return await outcomeOf(context, {
      ...{ input, table, keys, found: { places }, rows: scan.rows, peerRows: 0 },
      ...{ which: places === null ? null : ('common' as const), isPrivate: leaderAlone && isLeader },
      ...{ allowEmpty: args.allowEmpty, outputPath: args.outputPath },
    });
  } finally {
    await input.close();
  }
};

/** The key that each two parties have in common: the first by name draws it. */
async function agreeOnPairKeys(context: PartyContext): Promise<Uint8Array[]> {
  const pairKeys: Uint8Array[] = [];
  for (const peer of context.peers.filter((each) => context.party < each)) {
    const drawn = randomBytes(PAIR_KEY_BYTES);
    pairKeys.push(drawn);
    await context.send(peer, drawn);
  }
  for (const peer of context.peers.filter((each) => each < context.party))
    pairKeys.push(pairKeyFrom(peer, await context.receiveBytes(peer)));
  return pairKeys;
}

/** The key that a peer drew. Throws PROTOCOL_VIOLATION on another length. */
export function pairKeyFrom(peer: string, bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === PAIR_KEY_BYTES) return Uint8Array.from(bytes);
  throw violation(peer, `a key that is not ${PAIR_KEY_BYTES} bytes`);
}
