import { PARTY } from '../contract/config-schema.js';
import { isMap } from '../contract/json-values.js';
import type { IsOpen } from '../contract/task-runner.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';

/** `sf_init_config.address` of a task whose parties run at their own sites. */
const NODE = 'node';

type Config = Readonly<Record<string, unknown>>;

/** How a task type runs at sites. */
interface AtSites {
  /** The field of `task_config` whose keys are the parties that take part. */
  readonly parts: string;
  /** Whether a dealer takes part; absent where none ever does. */
  needsDealer?(config: Config, parts: number): boolean;
  /** Why the field must be there, which other tasks do without; undefined: the type's schema requires it. */
  readonly needs?: string;
  /** Whether a task without the field reads no table, and so runs at a worker. */
  readonly orElsewhere?: true;
  /** A field of `task_config` that must be false or absent, and why. */
  readonly not?: readonly [field: string, why: string];
}

/** Types that the engine secretflow runs at sites as well, without a dealer. */
const ON_SPU = ['psi', 'ss_lr'];

const always = (): boolean => true;
const ofSeveral = (_: Config, parts: number): boolean => parts > 1;

const MODELS =
  'is required at sites, which get no results of other tasks: name them, for example by "${tasks.train.result.model_paths}"';

/**
 * Types that the engine's conformance suite runs over sites as well. Their results are the same as on one machine, and the value that a site
 * reports to the others has no figure beyond the result.
 */
const TYPES: Readonly<Record<string, AtSites>> = {
  psi: { parts: 'keys' },
  psi_count: { parts: 'keys' },
  ...Object.fromEntries(
    [
      ...['fillna', 'standard_scaler', 'minmax_scaler', 'label_encoder', 'onehot_encoder', 'quantile_binning'],
      ...['equal_width_binning', 'cast', 'feature_filter', 'expr', 'case_when', 'condition_filter', 'sample', 'union'],
      ...['groupby_statistics', 'stability', 'train_test_split', 'preprocessing', 'feature_engineering'],
      ...['substitution', 'validation', 'sql'],
    ].map((type) => [type, { parts: 'input_data' }]),
  ),
  table_statistics: { parts: 'input_data' },
  ...Object.fromEntries(
    ['pearson_correlation', 'vif', 'woe_binning', 'analysis'].map((type) => [
      type,
      { parts: 'input_data', needsDealer: ofSeveral },
    ]),
  ),
  ...Object.fromEntries(
    ['ss_lr', 'ss_glm', 'ss_pvalue', 'scorecard', 'ss_xgb', 'secureboost'].map((type) => [
      type,
      { parts: 'train_data', needsDealer: always },
    ]),
  ),
  train: { parts: 'train_data' },
  federated_training: { parts: 'train_data' },
  encrypt: {
    parts: 'input_data',
    needs: 'is required at sites, which get no results of other tasks: "address": "local" encrypts results alone',
    orElsewhere: true,
    not: [
      'results',
      'must be false or absent at sites, which get no results of other tasks: encrypt these by another task, with "address": "local"',
    ],
  },
  aggregate: { parts: 'models', needs: MODELS },
  merge_models: { parts: 'models', needs: MODELS },
  ...Object.fromEntries(
    ['biclassification_eval', 'regression_eval', 'prediction_bias_eval'].map((type) => [
      type,
      { parts: 'prediction_data' },
    ]),
  ),
  evaluation: { parts: 'model', needsDealer: ofSeveral },
  predict: { parts: 'model', needsDealer: ofSeveral },
  model_export: { parts: 'model', needsDealer: ({ coefficients_to: readers }) => readers !== undefined },
};

/** Why a type does not run at sites, and what to do. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  http: 'sites call no address that a task names. It reads no table: leave sf_init_config out, and a worker calls',
  report: 'it reads results alone, which the control plane has: leave sf_init_config out, and a worker makes it',
  script:
    'sites start no command that a task names. Run the command at the site by hand, and name the table that it writes in the next task',
};
const elsewhere = (type: string): string =>
  Object.hasOwn(ELSEWHERE, type) ? ELSEWHERE[type]! : `sites do not run ${type}`;

/** Task types that run at sites, sorted. */
export const SITE_TYPES: readonly string[] = Object.keys(TYPES).sort();

/** Whether the parties of a task run at their own sites, which the control plane offers it to. */
export const isAtSites = (params: unknown): boolean =>
  isMap(params) && isMap(params.sf_init_config) && params.sf_init_config.address === NODE;

/**
 * The parties whose sites could run a task that says no address of any, by a type and an engine that sites run: at sites by default, once all
 * of them have one. Undefined for all other tasks, and where a result says who takes part.
 */
export function couldBeAtSites(type: string, params: unknown): readonly string[] | undefined {
  if (!Object.hasOwn(TYPES, type) || !isMap(params) || !isMap(params.sf_init_config)) return undefined;
  const { engine, sf_init_config: init, task_config: config } = params;
  const { orElsewhere, parts } = TYPES[type]!;
  if (orElsewhere && isMap(config) && config[parts] === undefined) return undefined;
  if (engine !== undefined && engine !== 'native') return undefined;
  if (init.address !== undefined) return undefined;
  const { parties } = init;
  const isPlaced = isMap(parties) && Object.values(parties).some((each) => isMap(each) && each.address !== undefined);
  const names = isMap(parties) ? Object.keys(parties) : Array.isArray(parties) ? (parties as unknown[]) : [];
  const isNamed = (name: unknown): name is string => typeof name === 'string' && !name.includes('${');
  return !isPlaced && names.length > 0 && names.every(isNamed) ? names : undefined;
}

/** Parameters of a task whose parties run at their own sites. */
export const atSites = <Params extends Readonly<Record<string, unknown>>>(params: Params): Params => ({
  ...params,
  sf_init_config: { ...(params['sf_init_config'] as object), address: NODE },
});

/** The dealer that a task names, whose site takes part. */
export function dealerOf(params: unknown): string | undefined {
  const init = isMap(params) && isMap(params.sf_init_config) ? params.sf_init_config : {};
  return typeof init.dealer === 'string' ? init.dealer : undefined;
}

/** The parties that take part in a task at sites: undefined where that shows later. */
export function partsOf(type: string, config: unknown): readonly string[] | undefined {
  const parts = isMap(config) && Object.hasOwn(TYPES, type) ? config[TYPES[type]!.parts] : undefined;
  return isMap(parts) ? Object.keys(parts) : undefined;
}

/** Whether sites run the type on this engine. */
export const sitesRunOn = (type: string, engine: unknown): boolean =>
  engine === undefined || engine === 'native' || (engine === 'secretflow' && ON_SPU.includes(type));

/** Faults of a task at sites, none where it is no such task. */
export function siteFaults(
  type: string,
  { engine, sf_init_config: init, task_config: config }: Partial<TaskParams>,
  isOpen: IsOpen,
): ParamFault[] {
  if (!isMap(init) || init.address !== NODE) return [];
  const fault = (field: string, message: string): ParamFault => ({ pointer: `/sf_init_config/${field}`, message });
  const atSites = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!atSites) return [fault('address', `must be "local" or absent: ${elsewhere(type)}`)];
  if (!sitesRunOn(type, engine))
    return [fault('address', `must be "local" or absent, or the engine "native": sites do not run ${type} on another`)];
  const { dealer, parties } = init;
  const names = isMap(parties) ? Object.keys(parties) : Array.isArray(parties) ? (parties as unknown[]) : [];
  const faults: ParamFault[] = [];
  if (
    dealer !== undefined &&
    !isOpen(dealer) &&
    (typeof dealer !== 'string' || names.includes(dealer) || !PARTY.test(dealer))
  )
    faults.push(fault('dealer', 'must be the name of a dealer that is no party of the task'));
  if (!isMap(config)) return faults;
  if (atSites.needs !== undefined && config[atSites.parts] === undefined)
    faults.push({ pointer: `/task_config/${atSites.parts}`, message: atSites.needs });
  const [not, why] = atSites.not ?? [];
  if (not !== undefined && config[not] !== undefined && config[not] !== false)
    faults.push({ pointer: `/task_config/${not}`, message: why! });
  const parts = partsOf(type, config);
  if (!parts) return faults;
  const idle = names.filter((name) => typeof name === 'string' && !isOpen(name) && !parts.includes(name));
  if (idle.length > 0) {
    const message = `must leave out ${idle.join(', ')}: at sites those alone take part whom task_config.${atSites.parts} names`;
    faults.push(fault('parties', message));
  }
  const needs = engine !== 'secretflow' && (atSites.needsDealer?.(config, parts.length) ?? false);
  if (needs && dealer === undefined)
    faults.push(fault('dealer', `is required: the name of the dealer whose site takes part in ${type}`));
  if (!needs && dealer !== undefined) faults.push(fault('dealer', `must be absent: this ${type} has no dealer`));
  return faults;
}
