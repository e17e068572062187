import { MIN_GROUP_ROWS } from '#libs/consent';
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
type Config = Params & { readonly params: Params };

/**
 * How many rounds follow on each other, of types that repeat a step: ss-lr-rounds.spec.ts and rounds-at-sites.spec.ts count the messages of small
 * trainings. Preparing and predicting take some hundred more, as other types do in all. What unusual parameters add is left out.
 */
const TYPES: Readonly<Record<string, (config: Config) => Rounds>> = {
  ss_lr: ({ params }) => {
    const batchSize = numberOf(params.batch_size, defaultBatchSize(ROWS));
    const steps = numberOf(params.epochs, 10) * Math.ceil(ROWS / batchSize);
    const ofStep = (params.reg_type === 'linear' ? 5 : 2) + (params.penalty === 'l1' ? 10 : 0);
    return { rounds: steps * ofStep, rows: ROWS, fewer: 'A larger batch_size or fewer epochs take fewer' };
  },
  // A Newton step sums over runs of rows, and inverts a matrix. One more looks at the fit.
  ss_glm: ({ params }) => {
    const ofRun = LOG_RUN.get(params.distribution) ?? LOGIT_RUN;
    const ofStep = 229 + Math.ceil(ROWS / GLM_ROWS) * ofRun;
    return { rounds: (numberOf(params.epochs, 10) + 1) * ofStep, rows: ROWS, fewer: 'Fewer epochs take fewer' };
  },
  // A level has a knock-out of each party's candidates, eleven rounds each time that half of them are left. Not to split is one of the label's party.
  ss_xgb: ({ params, features, label_party: home }) => {
    const { trees, depth, buckets } = treesOf(params);
    const halvings = columnsOf(features).map(([party, columns]) =>
      Math.ceil(Math.log2(Math.max(1, columns * (buckets - 1) + (party === home ? 1 : 0)))),
    );
    const ofLevel = 26 + 11 * halvings.reduce((sum, each) => sum + each, 0);
    const fewer = 'Fewer or less deep trees take fewer, and secureboost far fewer';
    return { rounds: trees * (195 + depth * ofLevel), fewer };
  },
  // Sums and sides of a level are asked for and answered, the sums of two nodes at once: of those of a level half are asked for at most.
  secureboost: ({ params }) => {
    const { trees, depth } = treesOf(params);
    const nodes = Math.min(2 ** (depth - 1), ROWS / MIN_GROUP_ROWS / 2);
    return { rounds: trees * (2 + 2 * depth + nodes), fewer: 'Fewer or less deep trees take fewer' };
  },
};

/** Rows that a step of `ss_glm` sums at once, and the rounds of that: with a logit link, and with a log link. */
const GLM_ROWS = 2_048;
const LOGIT_RUN = 22;
const LOG_RUN: ReadonlyMap<unknown, number> = new Map([
  ['poisson', 58],
  ['gamma', 62],
  ['tweedie', 65],
]);
/** Columns of a party whose list a reference gives later. */
const COLUMNS = 8;

/** The rounds of a task with this `task_config`, which was checked; undefined where they are few. */
export function roundsAtSites(type: string, config: unknown): Rounds | undefined {
  if (!Object.hasOwn(TYPES, type) || !isMap(config)) return undefined;
  return TYPES[type]!({ ...config, params: isMap(config.params) ? config.params : {} });
}

function treesOf({ num_boost_round: trees, max_depth: depth, sketch_eps: eps }: Params): {
  readonly trees: number;
  readonly depth: number;
  readonly buckets: number;
} {
  const { properties: defaults } = boostingParams;
  return {
    trees: numberOf(trees, defaults.num_boost_round.default),
    depth: numberOf(depth, defaults.max_depth.default),
    buckets: Math.ceil(1 / numberOf(eps, defaults.sketch_eps.default)),
  };
}

/** How many columns each party has. */
const columnsOf = (features: unknown): (readonly [party: string, columns: number])[] =>
  Object.entries(isMap(features) ? features : { one: null, other: null }).map(([party, columns]) => [
    party,
    Array.isArray(columns) ? columns.length : COLUMNS,
  ]);

/** A value that a reference gives later counts as the default. */
const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
