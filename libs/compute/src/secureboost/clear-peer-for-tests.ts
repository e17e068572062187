import type { Bucketed } from '../vertical/buckets.js';
import type { Gradients } from './gradients.js';
import { ownHistogram, type Histogram, type Peer, type PeerSplit, type Place } from './tree.js';

/** The other party's columns in clear. The masked protocol must match it to the last digit. */
export class ClearPeer implements Peer {
  constructor(private readonly columns: readonly Bucketed[]) {}

  get counts(): number[] {
    return this.columns.map(({ count }) => count);
  }

  async histograms(
    gradients: Gradients,
    nodes: readonly Uint32Array[],
    columns: readonly number[],
    _place?: Place,
  ): Promise<Histogram[]> {
    return nodes.map((rows) => ownHistogram(this.columns, columns, gradients, rows));
  }

  async sides(splits: readonly PeerSplit[]): Promise<((row: number) => boolean)[]> {
    return splits.map(
      ({ column, bucket }) =>
        (row) =>
          this.columns[column]!.of[row]! <= bucket,
    );
  }
}
