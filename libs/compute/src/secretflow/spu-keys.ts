import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { TaskFailure } from '../contract/task-type.js';
import { POINT_BYTES, randomOrder } from '../mpc/curve.js';
import { PointIndex } from '../mpc/point-index.js';

/** Bytes of a key's hash that SPU gets: so that no two of a table are equal by chance. */
const KEY_BYTES = 16;
const KEYS_AT_ONCE = 4096;

/** A letter first, so that nothing takes a key for a number. */
const keyText = (bytes: Buffer): string => `k${bytes.toString('base64url')}`;

/**
 * Writes the keys in an order of this run: SPU sends the peer its points in the order of the file, and a row must not be known by its place from run to run. A
 * random key lies among those of the table: SPU tells both parties whether they have all the same keys, and a digest of them, also where one of them shall learn
 * nothing. With it that is never so, and the digest fits no list that somebody guesses.
 */
export async function writeKeys(path: string, hashes: Buffer, rows: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  const randomKey = keyText(randomBytes(KEY_BYTES));
  const keyOf = (row: number): string =>
    row === rows ? randomKey : keyText(hashes.subarray(row * POINT_BYTES, row * POINT_BYTES + KEY_BYTES));
  const order = randomOrder(rows + 1);
  try {
    await file.write('key\n');
    for (let from = 0; from < order.length; from += KEYS_AT_ONCE) {
      const keys = Array.from(order.subarray(from, from + KEYS_AT_ONCE), (row) => `${keyOf(row)}\n`);
      await file.write(keys.join(''));
    }
  } finally {
    await file.close();
  }
}

/**
 * By row of the table: where its key stands in what SPU found, else -1. Throws TaskFailure PROTOCOL_VIOLATION for a key that the table lacks, and for more keys than
 * the peer announced, for which it was charged.
 */
export async function readFound(
  party: string,
  path: string,
  hashes: Buffer,
  rows: number,
  peerRows: number,
): Promise<Int32Array> {
  const places = new Int32Array(rows).fill(-1);
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
    if (at > peerRows) {
      throw new TaskFailure('PROTOCOL_VIOLATION', `Party ${party}: SPU found more keys than the peer announced.`);
    }
    places[row] = at - 1;
  }
  await rm(path, { force: true });
  return places;
}
