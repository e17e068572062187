import { bitOf, sized, xor } from '../mpc/bit-strings.js';
import { BucketMatrix, BucketMatrixDealer, type Buckets } from '../mpc/bucket-matrix.js';
import type { JointDealer, JointParty } from '../mpc/joint.js';
import { Z32, bytesOf, vectorFrom, type Vector } from '../mpc/rings.js';
import { planeBytes } from '../mpc/shared-bits.js';

/** Cells of the matrix of rows and bins that are masked at a time. */
const CELLS = 1 << 20;

type OnRows = (fraction: number) => void;

/** What the owner of the columns knows of its bins, one column after the other. */
export interface OwnBins extends Buckets {
  /** Rows of each bin. */
  readonly sizes: readonly number[];
  /** The fewest rows of each class that an opened bin may have; at most half the rows of the smallest bin. */
  readonly fewest: number;
}

/**
 * Numbers of positive rows in the bins of another party's columns: the bins' owner learns them, the label's owner nothing, and the dealer sizes.
 *
 * The label is a vector y, and the bins are a matrix X of zeros and ones; X'y is computed on shares, by products of matrices that a dealer masks (P. Mohassel, Y. Zhang,
 * "SecureML", IEEE S&P 2017, section 4.1). Of each bin the bins' owner then learns one bit: whether under `fewest` of its rows are of one class. It joins such bins to others.
 * The sums of joined bins are computed in the same way, as a matrix of bins times the shares of X'y, so that the label's owner sees neither which bins were joined
 * nor how many are left. The shares of these sums alone go to the bins' owner.
 *
 * This is the label owner's side, the first party. `positives` has 1 for a positive row and 0 for another one.
 */
export async function giveCounts(joint: JointParty, positives: Vector, bins: number, onRows: OnRows): Promise<void> {
  const none = { of: [], counts: [] };
  const shares = await sumsByBin(joint, positives, none, bins, onRows);
  const { peer } = joint.session;
  await peer.send(await tooFew(joint, shares, null));
  await peer.send(bytesOf(await sumsByBin(joint, shares, none, bins)));
}

/**
 * The side of the bins' owner, the second party. `join` gets whether each bin has too few rows of a class, and returns the place of the bin that each goes to, below
 * the number of bins. Returns the positive rows of each place.
 */
export async function takeCounts(
  joint: JointParty,
  rows: number,
  bins: OwnBins,
  join: (fails: readonly boolean[]) => Uint16Array,
  onRows: OnRows,
): Promise<Vector> {
  const { peer } = joint.session;
  const count = bins.sizes.length;
  const shares = await sumsByBin(joint, new Uint32Array(rows), bins, 0, onRows);
  const own = await tooFew(joint, shares, bins);
  const failing = xor(own, sized(await peer.receive(), own.length));
  const joined = join(bins.sizes.map((_, bin) => bitOf(failing, bin) === 1));
  const sums = await sumsByBin(joint, shares, { of: [joined], counts: [count] }, 0);
  return Z32.add(sums, vectorFrom(await peer.receive(), count));
}

/** The dealer's side. */
export async function dealCounts(joint: JointDealer, rows: number, bins: number, onRows: OnRows): Promise<void> {
  await dealSums(joint, rows, bins, onRows);
  await joint.negative(Z32, new Uint32Array(2 * paddedTo8(bins)));
  await dealSums(joint, bins, bins);
  await joint.flush();
}

/** Own share of the sums of a shared vector by the second party's bins. `peerBins` is their number where they are the peer's. */
async function sumsByBin(
  joint: JointParty,
  vector: Vector,
  own: Buckets,
  peerBins: number,
  onRows: OnRows = () => {},
): Promise<Vector> {
  const bins = own.counts.reduce((sum, count) => sum + count, peerBins);
  let sums: Vector = new Uint32Array(bins);
  for (const [from, to] of runsOf(vector.length, bins)) {
    const part = { of: own.of.map((each) => each.subarray(from, to)), counts: own.counts };
    const matrix = await BucketMatrix.mask(joint, to - from, part, peerBins);
    const [, [found]] = await matrix.sums([vector.subarray(from, to)]);
    sums = Z32.add(sums, found!);
    onRows(to / vector.length);
  }
  return sums;
}

async function dealSums(joint: JointDealer, rows: number, bins: number, onRows: OnRows = () => {}): Promise<void> {
  for (const [from, to] of runsOf(rows, bins)) {
    await new BucketMatrixDealer(joint, to - from, [0, bins]).sums([new Uint32Array(to - from)]);
    onRows(to / rows);
  }
}

/** Own share of a bit for each bin: whether under `fewest` of its rows are positive, or under `fewest` are not. Never both: so their exclusive or says it. */
async function tooFew(joint: JointParty, positives: Vector, own: OwnBins | null): Promise<Uint8Array> {
  const half = paddedTo8(positives.length);
  const spare = new Uint32Array(2 * half);
  positives.forEach((share, bin) => {
    spare[bin] = share - (own?.fewest ?? 0);
    spare[half + bin] = (own === null ? 0 : own.sizes[bin]! - own.fewest) - share;
  });
  const bits = await joint.negative(Z32, spare);
  return xor(bits.subarray(0, half / 8), bits.subarray(half / 8));
}

const paddedTo8 = (count: number): number => 8 * planeBytes(count);

/** Runs of rows of which each makes about as many cells. */
function runsOf(rows: number, bins: number): [number, number][] {
  const size = Math.max(1, Math.floor(CELLS / bins));
  return Array.from({ length: Math.ceil(rows / size) }, (_, at) => [at * size, Math.min(rows, (at + 1) * size)]);
}
