import type { OpenedColumn } from '#libs/consent';

/**
 * The most bits that the number of positives of `rows` rows says of labels that are independent, whatever their chances: of a whole number of variance v the
 * entropy is at most log2(2 pi e (v + 1/12)) / 2 (J. L. Massey, "On the entropy of integer-valued random variables", 1988), and v at most rows / 4.
 */
export const bitsOfCount = (rows: number): number => Math.log2(2 * Math.PI * Math.E * (rows / 4 + 1 / 12)) / 2;

/**
 * What the numbers of positives in `bins` bins of `columns` columns say of the label, all together as one figure. The label's owner does not know the size of a bin: for bins of equal
 * size it is the most, since bits grow slower than rows.
 */
export function openedCounts(label: string, rows: number, columns: number, bins: number): OpenedColumn {
  const bits = Math.ceil(bins * bitsOfCount((rows * columns) / bins));
  return { column: label, figures: 1, bits, rows, distinct: 2 };
}
