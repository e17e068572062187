/** Rows of a bin, or of a table, by the value of the label. */
export interface Counts {
  readonly positives: number;
  readonly negatives: number;
}

/** How the rows of a bin are spread over the classes, as shares of the rows of each class. */
function sharesOf({ positives, negatives }: Counts, total: Counts): readonly [positive: number, negative: number] {
  // Where a class has no row here, half a row is added to both: J. B. S. Haldane, "The estimation and significance of the logarithm of a
  // ratio of frequencies", Annals of Human Genetics 20 (1956); SecretFlow does the same.
  const more = positives === 0 || negatives === 0 ? 0.5 : 0;
  return [(positives + more) / total.positives, (negatives + more) / total.negatives];
}

/**
 * Weight of evidence of a bin: the logarithm of its share of the positive rows over its share of the negative ones (I. J. Good, "Probability
 * and the Weighing of Evidence", 1950; N. Siddiqi, "Credit Risk Scorecards", 2006). 0 of an empty bin.
 */
export function woeOf(bin: Counts, total: Counts): number {
  if (bin.positives + bin.negatives === 0) return 0;
  const [positive, negative] = sharesOf(bin, total);
  return Math.log(positive / negative);
}

/** A bin's part of the information value of its column (Siddiqi 2006), which is the sum over all bins. */
export function ivOf(bin: Counts, total: Counts): number {
  if (bin.positives + bin.negatives === 0) return 0;
  const [positive, negative] = sharesOf(bin, total);
  return (positive - negative) * Math.log(positive / negative);
}
