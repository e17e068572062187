import { isMap } from '../contract/json-values.js';
import { boostingParams } from '../vertical/boosting.js';
import { defaultBatchSize } from '../ss-lr/schedule.js';

/** Rounds between the parties of a task at sites: each is a message that somebody waits for, and so takes a delay from one site to another. */
export interface Rounds {
  readonly rounds: number;
  /** The rows that were supposed, where the rounds depend on them: nobody tells how many there will be. */
  readonly rows?: number;
  /** What takes fewer rounds, as the end of a sentence. */
  readonly fewer: string;
}

/** Rows that are supposed. */
const ROWS = 100_000;

type Params = Readonly<Record<string, unknown>>;

/**
 * How many rounds follow on each other, of types that repeat a step, as the messages of small trainings were counted (of ss_lr: ss-lr-rounds.spec.ts).
 * Preparing and predicting take some hundred more, as other types do in all. What unusual parameters add is left out.
 */
const TYPES: Readonly<Record<string, (params: Params) => Rounds>> = {
  ss_lr: (params) => {
    const batchSize = numberOf(params.batch_size, defaultBatchSize(ROWS));
    const steps = numberOf(params.epochs, 10) * Math.ceil(ROWS / batchSize);
    const ofStep = (params.reg_type === 'linear' ? 5 : 2) + (params.penalty === 'l1' ? 10 : 0);
    return { rounds: steps * ofStep, rows: ROWS, fewer: 'A larger batch_size or fewer epochs take fewer' };
  },
  ss_glm: ({ epochs }) => ({ rounds: 180 * numberOf(epochs, 10), fewer: 'Fewer epochs take fewer' }),
  ss_xgb: (params) => {
    const { trees, depth } = treesOf(params);
    return {
      rounds: trees * (40 + 75 * depth),
      fewer: 'Fewer or less deep trees take fewer, and secureboost far fewer',
    };
  },
  secureboost: (params) => {
    const { trees, depth } = treesOf(params);
    return { rounds: trees * 6 * depth, fewer: 'Fewer or less deep trees take fewer' };
  },
};

/** The rounds of a task with this `task_config`, which was checked; undefined where they are few. */
export function roundsAtSites(type: string, config: unknown): Rounds | undefined {
  if (!Object.hasOwn(TYPES, type) || !isMap(config)) return undefined;
  return TYPES[type]!(isMap(config.params) ? config.params : {});
}

function treesOf({ num_boost_round: trees, max_depth: depth }: Params): {
  readonly trees: number;
  readonly depth: number;
} {
  const { properties: defaults } = boostingParams;
  return {
    trees: numberOf(trees, defaults.num_boost_round.default),
    depth: numberOf(depth, defaults.max_depth.default),
  };
}

/** A value that a reference gives later counts as the default. */
const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
