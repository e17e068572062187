/** More columns take minutes, and need thousands of rows. */
export const MAX_COLUMNS = 100;

export const REG_TYPES = ['logistic', 'linear'] as const;

/** What both parties and the dealer know of a fit. */
export interface FitShape {
  readonly regType: (typeof REG_TYPES)[number];
  readonly rows: number;
  /** Columns of each party. */
  readonly counts: readonly [number, number];
  readonly labelOwner: 0 | 1;
}

/** Columns of both parties, and that of the intercept. */
export const columnsIn = ({ counts }: FitShape): number => counts[0] + counts[1] + 1;

/** Degrees of freedom of a fit's residuals. */
export const freeOf = (shape: FitShape): number => shape.rows - columnsIn(shape);
