import { POINT_BYTES } from './curve.js';

/**
 * Finds points by value, or other values that are as good as random: open addressing over a buffer of them, 8 bytes each at most, no string
 * for each.
 */
export class PointIndex {
  private readonly slots: Uint32Array;
  private readonly mask: number;

  /** `capacity` is the number of points that `points` will hold, and `bytes` the length of each, at least 4. */
  constructor(
    private readonly points: Buffer,
    capacity: number,
    private readonly bytes = POINT_BYTES,
  ) {
    let size = 16;
    while (size < capacity * 2) size *= 2;
    this.slots = new Uint32Array(size);
    this.mask = size - 1;
  }

  /** Adds the point at `index`. Returns the index of an equal point added before, else -1. */
  add(index: number): number {
    const slot = this.find(this.points, index);
    const held = this.slots[slot]!;
    if (held !== 0) return held - 1;
    this.slots[slot] = index + 1;
    return -1;
  }

  /** Index of the point equal to the one at `at` in `other`, else -1. */
  lookup(other: Buffer, at: number): number {
    return this.slots[this.find(other, at)]! - 1;
  }

  private find(source: Buffer, index: number): number {
    const from = index * this.bytes;
    // A point is as good as random, so its first bytes are its hash.
    let slot = source.readUInt32LE(from) & this.mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0) return slot;
      const at = (held - 1) * this.bytes;
      if (source.compare(this.points, at, at + this.bytes, from, from + this.bytes) === 0) return slot;
      slot = (slot + 1) & this.mask;
    }
  }
}
