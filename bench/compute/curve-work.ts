/**
 * What PSI cannot do without: for each row of a party a hash to the curve, and a multiplication of its own point and of one of
 * its peer's. Nothing else is done here, in as many threads as there are parties.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import sodium from 'sodium-native';

const POINT = 32;

/** Seconds that two parties with this many rows need in parallel, extrapolated from at most `sample` rows. */
export async function curveSeconds(rows: number, sample = 20_000): Promise<number> {
  const count = Math.min(rows, sample);
  const each = await Promise.all([0, 1].map(() => inThread(count)));
  return (Math.max(...each) / count) * rows;
}

function inThread(rows: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { rows } });
    worker.once('message', resolve).once('error', reject);
  });
}

function work(rows: number): number {
  const started = performance.now();
  const scalar = randomBytes(POINT);
  const seed = randomBytes(POINT);
  const [point, once, twice] = [Buffer.alloc(POINT), Buffer.alloc(POINT), Buffer.alloc(POINT)];
  for (let row = 0; row < rows; row += 1) {
    seed.writeUInt32LE(row);
    sodium.crypto_core_ed25519_from_uniform(point, seed);
    // Any 32 bytes serve as a point: the time does not depend on them.
    sodium.crypto_scalarmult(once, scalar, point);
    sodium.crypto_scalarmult(twice, scalar, once);
  }
  return (performance.now() - started) / 1_000;
}

if (!isMainThread) parentPort!.postMessage(work((workerData as { rows: number }).rows));
