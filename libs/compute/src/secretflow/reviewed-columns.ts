import type { OpenedColumn } from '#libs/consent';
import { openedCounts } from '../woe-binning/bin-bits.js';
import {
  FLOOR,
  labelIsNamed,
  mustBe,
  NAMES,
  RUNS,
  SHARES_OF_SEMI2K,
  SHARES,
  type Opening,
  type Reviewed,
} from './component-review.js';

/** Bits of a figure that SecretFlow opens as a double, and of one in fixed point of a ring of 128 bits. */
const DOUBLE = 53;
const FIXED = 41;

/** Features of all parties. */
export const widthOf = ({ features }: Opening): number => Object.values(features).flat().length;

/** Mean and variance of each column, of one party to the others. A column of few values is known by how often it has each. */
const momentsOf = ({ columns }: Opening): OpenedColumn[] =>
  columns.map(({ name: column, rows, distinct }) => {
    const counts = Math.ceil(Math.max(1, distinct - 1) * Math.log2(rows + 1));
    return { column, figures: 1, bits: Math.min(2 * DOUBLE, counts), rows, distinct };
  });

export const figuresOf = ({ columns }: Opening, figures: number, bits = FIXED): OpenedColumn[] =>
  columns.map(({ name: column, rows, distinct }) => ({ column, figures, bits, rows, distinct }));

const MOMENTS =
  'Means and variances of all columns, in full, reach both parties: SecretFlow opens by what it standardises.';
const NOT_ROUNDED =
  'Nothing is rounded as native does it: whoever chooses a column can read some 40 values of a column of codes from one figure, which is what each is counted at.';

/** Bins of a column, at most: each has as many rows as others must see, and missing values are one. */
const binsOf = ({ attrs: { bin_num: bins = 10 }, rows }: Opening, kind: string, least: number): number => {
  const most = Math.floor(rows / least);
  return Math.max(1, kind === 'str' ? most : Math.min(Number(bins) + 1, most));
};

/** The label's party learns rows and positives of each bin of the other's columns, the other positives of its bins. */
const openBins: NonNullable<Reviewed['opens']> = (opening) => {
  const { party, peers, labelParty, columns, features, rows, least } = opening;
  if (party === labelParty) {
    const kinds = peers.flatMap((peer) => features[peer]!);
    const bins = kinds.reduce((sum, kind) => sum + binsOf(opening, kind, least), 0);
    const label = columns.at(-1)!.name;
    return bins === 0 ? [] : [{ columns: [openedCounts(label, rows, kinds.length, bins)], to: peers }];
  }
  const bits = Math.ceil(Math.log2(rows + 1));
  const own = features[party]!.map((kind) => binsOf(opening, kind, least));
  const opened = figuresOf(opening, 1, bits).map((each, at) => ({ ...each, figures: own[at]! }));
  return [{ columns: opened, to: [labelParty!] }];
};

/** Components that describe or change columns, by id. */
export const REVIEWED_COLUMNS: Readonly<Record<string, Reviewed>> = {
  'stats/ss_pearsonr:1.0.0': {
    leaves: `${SHARES_OF_SEMI2K} ${MOMENTS} The correlations of all columns, also of one party's among themselves, reach both to 40 bits after the point. ${NOT_ROUNDED} The number of rows. ${NAMES} ${RUNS} Within one party nothing is sent.`,
    parties: { least: 1, most: 2 },
    aligned: true,
    refusesFewApart: true,
    rowsEach: 2,
    needsSemi2k: true,
    opens: (opening) => [
      { columns: momentsOf(opening) },
      { columns: figuresOf(opening, Math.max(0, widthOf(opening) - 1)) },
    ],
  },
  'stats/ss_vif:1.0.0': {
    leaves: `${SHARES_OF_SEMI2K} ${MOMENTS} The variance inflation factor of each column reaches both to 40 bits after the point, and no correlation does. ${NOT_ROUNDED} The number of rows. ${NAMES} ${RUNS} Within one party nothing is sent.`,
    parties: { least: 1, most: 2 },
    aligned: true,
    refusesFewApart: true,
    rowsEach: 2,
    needsSemi2k: true,
    // The factors of the others are figures about these columns as well.
    opens: (opening) => [{ columns: momentsOf(opening) }, { columns: figuresOf(opening, widthOf(opening)) }],
  },
  'preprocessing/vert_woe_binning:1.0.0': {
    leaves: `${SHARES} Whoever has the label learns of each bin of the other's columns how many rows it has and how many of them are positive; the other party learns how many rows of its own bins are positive, and by that the weights. No edge or category leaves its party. A bin of the other party with under ${FLOOR.rows} rows (or more, as the policies say), or under ${FLOOR.ofClass} of a class, ends the run before its weights go out. The label is counted for each bin, and so are columns. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    refusesSmallBins: true,
    attrs: {
      binning_method: mustBe(
        ['quantile', 'eq_range'],
        'chimerge shows the party of the label a hundred small bins, before it merges them',
      ),
      secure_device_type: mustBe(
        ['spu'],
        'with heu nothing blinds the sums of ciphertexts that go back to whoever has made these',
      ),
      report_rules: mustBe([false], 'it opens all edges of bins to both parties'),
    },
    check: labelIsNamed,
    opens: openBins,
  },
  'preprocessing/substitution:1.0.0': {
    leaves: `The number of rows. Each party applies the rules that it has to its own rows; no value leaves it. Where rules do not fit, the words of the error reach the other party's process, and may quote a value. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
  },
};
