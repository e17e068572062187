/** What is gathered from a column's numbers, one at a time. */
export interface Accumulator {
  add(value: number): void;
  readonly count: number;
}

/** Mean and variance in one pass (Welford 1962), exact where a sum of squares would cancel. */
export class Moments implements Accumulator {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count += 1;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
  }

  /** Standard deviation; `lost` degrees of freedom: 0 of a population, 1 of a sample. NaN without enough values. */
  deviation(lost: 0 | 1): number {
    return Math.sqrt(this.squares / (this.count - lost));
  }
}

export class Range implements Accumulator {
  count = 0;
  min = Infinity;
  max = -Infinity;

  add(value: number): void {
    this.count += 1;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }
}

/** All values, 8 bytes each, for exact quantiles. */
export class Values implements Accumulator {
  count = 0;
  private held = new Float64Array(1024);
  private sorted = false;

  add(value: number): void {
    if (this.count === this.held.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.held);
      this.held = larger;
    }
    this.held[this.count] = value;
    this.count += 1;
    this.sorted = false;
  }

  /** Quantile `q` (0..1), interpolated between neighbours as by numpy and pandas. NaN without values. */
  quantile(q: number): number {
    if (this.count === 0) return NaN;
    if (!this.sorted) this.held.subarray(0, this.count).sort();
    this.sorted = true;
    const place = (this.count - 1) * q;
    const below = Math.floor(place);
    const low = this.held[below]!;
    const high = this.held[Math.min(below + 1, this.count - 1)]!;
    return low + (high - low) * (place - below);
  }
}
