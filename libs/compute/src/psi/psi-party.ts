import { randomBytes } from 'node:crypto';
import { MAX_ROWS, PeerMessage, violation } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import type { OutputRequest } from '../party/output-files.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { RowStore } from '../table/row-store.js';
import { csvRow } from '../table/csv-writer.js';
import { writeTable } from '../table/write-table.js';
import { isKeyKind, scanKeys, type KeyKind } from './key-scan.js';
import { exchange } from '../mpc/psi-exchange.js';

/** Arguments of one party, as `psi.ts` makes them. */
export interface PsiPartyArgs {
  readonly keys: readonly string[];
  readonly inputPath: string;
  readonly outputPath: string | null;
  /** Whether this party, and the other, may learn the intersection. */
  readonly learns: boolean;
  readonly peerLearns: boolean;
  readonly allowEmpty: boolean;
}

/** A party's answer to the coordinator, and so to everybody. */
export interface PsiPartyValue {
  readonly original_count: number;
  /** -1 for a party that may not learn it; null where this party alone may. */
  readonly intersection_count: number | null;
  readonly output: string | null;
}

const SALT_BYTES = 32;
/** Rows that a peer may announce: their points take 3 GiB. */
const MAX_KEYS = 10_000;
/** Rows that are handed to the writer at a time. */
const ROWS_AT_ONCE = 1024;
/** Ends on the progress bar: of reading and hashing, of the exchange, of reading again. Then comes writing. */
const SCANNED = 0.2;
const EXCHANGED = 0.9;
const READ_AGAIN = 0.95;

export const run: PartyProgram<PsiPartyArgs, PsiPartyValue> = async (context, args) => {
  const [peer] = context.peers as [string];
  context.progress(0, 'reading keys');
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const keyIndexes = columnIndexes(table, args.keys);

    // Both parties' randomness goes into the salt, so that neither can have hashed a list of keys beforehand.
    const ownSalt = randomBytes(SALT_BYTES);
    await context.send(peer, ownSalt);
    const peerSalt = saltFrom(peer, await context.receiveBytes(peer));
    const salt = Buffer.concat(context.party < peer ? [ownSalt, peerSalt] : [peerSalt, ownSalt]);

    const scan = await scanKeys(table, keyIndexes, salt, () =>
      context.progress(SCANNED * table.read(), 'reading keys'),
    );
    const peerRows = await agree(context, peer, args.keys, scan.rows, scan.kinds);

    // Only who learns the intersection knows how many keys that is. But the peer chooses the rows in any case.
    await context.reserve({
      columns: [],
      keys: args.keys,
      to: args.peerLearns ? [peer] : [],
      counts: { keys: args.peerLearns ? Math.min(scan.rows, peerRows) : 0 },
    });
    const total = scan.rows + peerRows || 1;
    const common = await exchange(context, {
      peer,
      points: scan.points,
      peerRows,
      learns: args.learns,
      peerLearns: args.peerLearns,
      worked: (points) => context.progress(SCANNED + (EXCHANGED - SCANNED) * (points / total), 'blinding keys'),
    });
    if (common === null) return value(scan.rows, -1, null);

    const count = common.reduce((sum, flag) => sum + flag, 0);
    // Its size, and whether it is empty, are this party's alone then.
    const isPrivate = !args.peerLearns;
    if (count === 0 && !args.allowEmpty && !isPrivate) {
      throw new TaskFailure(
        'EMPTY_INTERSECTION',
        'The parties have no key in common. Check that the key columns hold the same kind of key, or set allow_empty_result.',
      );
    }
    const output = await writeCommonRows(context, table, args.keys, common, {
      target: args.outputPath ?? undefined,
      name: 'intersection.csv',
      statedBytes: isPrivate ? input.sizeBytes : undefined,
    });
    if (isPrivate) {
      context.keepResult({ original_count: scan.rows, intersection_count: count, output_path: output });
    }
    return value(scan.rows, isPrivate ? null : count, output);
  } finally {
    await input.close();
  }
};

function value(rows: number, common: number | null, output: string | null): PsiPartyValue {
  return { original_count: rows, intersection_count: common, output };
}

/** The peer's half of the salt. Throws PROTOCOL_VIOLATION on another length: it could be empty, or all of the salt. */
export function saltFrom(peer: string, bytes: Uint8Array): Buffer {
  if (bytes.byteLength === SALT_BYTES) return Buffer.from(bytes);
  throw violation(peer, `a salt that is not ${SALT_BYTES} bytes`);
}

/** Reads what the peer announces about its keys. Throws PROTOCOL_VIOLATION: the rows size the buffers for its points. */
export function keyFactsFrom(
  peer: string,
  value: unknown,
): { readonly rows: number; readonly kinds: readonly KeyKind[] } {
  const message = new PeerMessage(peer, value);
  return { rows: message.count('rows', MAX_ROWS), kinds: message.list('kinds', MAX_KEYS, isKeyKind) };
}

/** Sends the peer the number of rows and the kind of each key column, and checks the peer's. */
async function agree(
  context: PartyContext,
  peer: string,
  keys: readonly string[],
  rows: number,
  kinds: readonly KeyKind[],
): Promise<number> {
  await context.send(peer, { rows, kinds: [...kinds] });
  const other = keyFactsFrom(peer, await context.receiveJson<unknown>(peer));
  if (other.kinds.length !== kinds.length) {
    throw new TaskFailure(
      'KEY_TYPE_MISMATCH',
      `${context.party} has ${kinds.length} key columns and ${peer} has ${other.kinds.length}.`,
    );
  }
  kinds.forEach((kind, k) => {
    const theirs = other.kinds[k]!;
    // An empty table has no kinds to speak of.
    if (kind === theirs || kind === 'text' || theirs === 'text' || rows === 0 || other.rows === 0) return;
    throw new TaskFailure(
      'KEY_TYPE_MISMATCH',
      `Key column ${JSON.stringify(keys[k])} of ${context.party} holds ${kind} keys, that of ${peer} ${theirs} keys, so no key can match. Write both the same way.`,
      false,
      { party: context.party, column: keys[k]!, kind, peer_kind: theirs },
    );
  });
  return other.rows;
}

/**
 * Writes the party's rows of the intersection in the order of their keys. Both parties know these keys and sort them
 * alike, so their outputs are aligned row by row and the same in each run, whatever order the inputs had.
 */
async function writeCommonRows(
  context: PartyContext,
  table: Table,
  by: readonly string[],
  common: Uint8Array,
  request: Omit<OutputRequest, 'mediaType'>,
): Promise<string> {
  const keyIndexes = columnIndexes(table, by);
  const keys: string[] = [];
  const rows = new RowStore();
  const places: number[] = [];
  let at = 0;
  for await (const batch of table.batches()) {
    for (const row of batch) {
      if (common[at] === 1) {
        keys.push(sortKey(keyIndexes.map((index) => row[index]!)));
        rows.add(csvRow(row));
        places.push(at);
      }
      at += 1;
    }
    context.progress(EXCHANGED + (READ_AGAIN - EXCHANGED) * table.read(), 'reading the rows of the intersection');
  }
  if (at !== common.length) {
    throw new TaskFailure('INPUT_CHANGED', `Party ${context.party}: ${table.label} changed while it was read.`, true);
  }
  const order = Uint32Array.from(keys, (_, index) => index).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
  // Told also of an empty intersection: others see the stage.
  context.progress(READ_AGAIN, 'writing the intersection');
  const picks = order.map((index) => places[index]!);
  const output = await writeTable(context, { ...request, rows: { of: table.label, picks, by } }, table.columns);
  for (let done = 0; done < order.length; done += ROWS_AT_ONCE) {
    const batch = order.subarray(done, done + ROWS_AT_ONCE);
    await output.text(Buffer.concat(Array.from(batch, (index) => rows.at(index))));
    // The fraction would say how many rows there are.
    if (request.statedBytes !== undefined) continue;
    context.progress(READ_AGAIN + (1 - READ_AGAIN) * (done / order.length), 'writing the intersection');
  }
  await output.finish();
  return output.reference;
}

/** One string per key, different for different keys, in Unicode NFC as it was hashed. */
function sortKey(fields: readonly string[]): string {
  return fields.length === 1
    ? fields[0]!.normalize('NFC')
    : JSON.stringify(fields.map((field) => field.normalize('NFC')));
}
