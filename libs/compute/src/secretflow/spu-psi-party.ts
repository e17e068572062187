import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TaskFailure } from '../contract/task-type.js';
import { POINT_BYTES } from '../mpc/curve.js';
import { PointIndex } from '../mpc/point-index.js';
import type { PartyProgram } from '../party/party-program.js';
import { agreeOnKeys, agreeOnSalt } from '../psi/agree-on-keys.js';
import { scanKeys } from '../psi/key-scan.js';
import { outcomeOf, type PsiPartyValue } from '../psi/psi-outcome.js';
import type { PsiPartyArgs } from '../psi/psi-party.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { FILES, SCANNED } from './spu-files.js';

export interface SpuPsiPartyArgs extends Omit<PsiPartyArgs, 'byOprf'> {
  /** Of this run alone, among the party's artifacts of the task. */
  readonly folder: string;
}

/** Bytes of a key's hash that SPU gets: so that no two of a table are equal by chance. */
const KEY_BYTES = 16;
const KEYS_AT_ONCE = 4096;

/**
 * Reads and checks the keys of the party's table as the native program does, leaves their hashes for the party's process on SPU, and writes the rows of those
 * that it found.
 */
export const run: PartyProgram<SpuPsiPartyArgs, PsiPartyValue> = async (context, args) => {
  const [peer] = context.peers as [string];
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
    const places = args.learns ? await readFound(context.party, args.folder, scan.points, scan.rows) : null;
    return await outcomeOf(context, {
      ...{ input, table, keys: args.keys, found: { places }, rows: scan.rows, peerRows, which: args.rows },
      ...{ isPrivate: args.learns && !args.peerLearns, allowEmpty: args.allowEmpty, outputPath: args.outputPath },
    });
  } finally {
    await input.close();
  }
};

/** A letter first, so that nothing takes a key for a number. */
const keyText = (bytes: Buffer): string => `k${bytes.toString('base64url')}`;

/**
 * A random key beside those of the table: SPU tells both parties whether they have all the same keys, and a digest of them, also where one of them shall learn
 * nothing. With it that is never so, and the digest fits no list that somebody guesses.
 */
async function writeKeys(path: string, hashes: Buffer, rows: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.write(`key\n${keyText(randomBytes(KEY_BYTES))}\n`);
    for (let from = 0; from < rows; from += KEYS_AT_ONCE) {
      const keys = Array.from({ length: Math.min(KEYS_AT_ONCE, rows - from) }, (_, i) => {
        const at = (from + i) * POINT_BYTES;
        return `${keyText(hashes.subarray(at, at + KEY_BYTES))}\n`;
      });
      await file.write(keys.join(''));
    }
  } finally {
    await file.close();
  }
}

/** By row of the table: where its key stands in what SPU found, else -1. Throws TaskFailure PROTOCOL_VIOLATION for a key that the table lacks. */
async function readFound(party: string, folder: string, hashes: Buffer, rows: number): Promise<Int32Array> {
  const places = new Int32Array(rows).fill(-1);
  const path = join(folder, FILES.found);
  // SPU writes no file where it finds nothing.
  if (!existsSync(path)) return places;
  // Compared by the bytes that SPU got.
  for (let row = 0; row < rows; row += 1) hashes.fill(0, row * POINT_BYTES + KEY_BYTES, (row + 1) * POINT_BYTES);
  const index = new PointIndex(hashes, rows);
  for (let row = 0; row < rows; row += 1) index.add(row);
  const key = Buffer.alloc(POINT_BYTES);
  let at = -1;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    at += 1;
    if (at === 0) continue; // The header.
    const [, text] = /^"?k([\w-]+)"?$/.exec(line) ?? [];
    const row = text === undefined || key.write(text, 'base64url') !== KEY_BYTES ? -1 : index.lookup(key, 0);
    if (row < 0 || places[row]! >= 0) {
      throw new TaskFailure('PROTOCOL_VIOLATION', `Party ${party}: SPU found a key that the party's table lacks.`);
    }
    places[row] = at - 1;
  }
  await rm(path, { force: true });
  return places;
}
