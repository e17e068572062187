export type RegType = 'logistic' | 'linear';

/** The schedule of a training: public, the same for all parties and the dealer. */
export interface Schedule {
  readonly regType: RegType;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Weights of the penalties, 0 for none. */
  readonly l1: number;
  readonly l2: number;
}
