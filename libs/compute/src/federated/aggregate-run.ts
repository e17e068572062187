import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { TaskFailure, type JsonObject, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import type * as AggregateParty from './aggregate-party.js';
import type { AggregateConfig } from './aggregate-config.js';
import type * as Aggregator from './aggregator.js';
import type { SumPlan } from './sum-among-all.js';
import { toldAlike } from './told-alike.js';
import { lossFacts, sharesNeeded } from './warnings.js';

const aggregateParty: PartyUrl<typeof AggregateParty> = new URL('./aggregate-party.js', import.meta.url);
/** The aggregator of this task type, of `federated_training` and of joint figures. */
const aggregator: PartyUrl<typeof Aggregator> = new URL('./aggregator.js', import.meta.url);

/** Who adds up: an aggregator, which goes on without a party that is lost. At sites nobody does but the parties, and all of them have to stay. */
export function addedUpBy({ site }: Pick<TaskRun, 'site'>, summing: Aggregator.AggregatorArgs) {
  const { threshold, receivers } = summing;
  const amongAll = site !== undefined;
  const plan: SumPlan = { threshold, receivers, amongAll };
  return { plan, toleratesLoss: !amongAll, neutral: amongAll ? undefined : { program: aggregator, args: summing } };
}

/** For tests: a recorder of messages, and another program in place of the party's. */
export interface Instruments<Party = typeof AggregateParty> {
  readonly recorder?: (message: CrossedMessage) => void;
  readonly program?: PartyUrl<Party>;
}

/** Runs `aggregate` or `merge_models`, which `taskType` says, whose parameters have been checked. */
export async function runAggregate(
  run: TaskRun<AggregateConfig>,
  { recorder, program = aggregateParty }: Instruments = {},
  taskType = 'aggregate',
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const models = modelsOf(run, config);
  const parties = Object.keys(models).sort();
  const least = config.min_parties ?? 2;
  if (parties.length < least) {
    const message =
      `${parties.length} parties give a model, and at least ${least} must. Let the task depend on the train tasks of all ` +
      'parties, or name their models in task_config.models.';
    throw new TaskFailure('MIN_PARTIES_NOT_MET', message, false, { parties, min_parties: least });
  }
  const receivers = config.receivers ?? parties;
  for (const receiver of receivers) {
    if (parties.includes(receiver)) continue;
    const message = `task_config.receivers: ${receiver} gives no model; those that do are ${parties.join(', ')}.`;
    throw new TaskFailure('INVALID_PARAMS', message);
  }
  const strange = Object.keys(config.model_output ?? {}).find((party) => !receivers.includes(party));
  if (strange !== undefined) {
    const message = `task_config.model_output: ${strange} does not receive the model; those that do are ${receivers.join(', ')}.`;
    throw new TaskFailure('INVALID_PARAMS', message);
  }
  const threshold = sharesNeeded(parties.length, least);
  const { plan, ...by } = addedUpBy(run, { parties, threshold, sums: 1, receivers, compare: true });
  const argsOf = (party: string): AggregateParty.AggregateArgs => ({
    models: models[party]!,
    weighting: config.weighting ?? 'rows',
    sums: plan,
    modelOutput: config.model_output?.[party] ?? null,
    choices: { taskType, parameters: { weighting: config.weighting ?? 'rows' } },
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    ...by,
    addons: true,
    run,
    recorder,
  });
  const summed = outcomes.neutral?.value.summed ?? parties;
  const values = receivers.flatMap((party) => {
    const value = outcomes.parties[party]?.value;
    return value ? [{ party, ...value }] : [];
  });
  const facts = toldAlike(
    run,
    values.map((value) => [value.party, value.facts]),
  );
  if (!facts) {
    const message = `No party that was to receive the model is left: ${receivers.join(', ')}.`;
    throw new TaskFailure('PARTY_LOST', message, true, { lost: [...receivers] });
  }
  return {
    result: {
      model_saved: true,
      model_paths: Object.fromEntries(values.map(({ party, model }) => [party, model])),
      ...facts,
      weighting: config.weighting ?? 'rows',
      parties: summed,
      ...lossFacts(run, { parties, summed, receivers, kept: values.map(({ party }) => party) }),
    },
    artifacts: outcomes.artifacts,
  };
}

/** Each party's models: as the parameters name them, else from the results of the tasks before. */
function modelsOf(run: TaskRun<AggregateConfig>, config: AggregateConfig): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  const add = (paths: unknown): void => {
    if (typeof paths !== 'object' || paths === null) return;
    for (const [party, path] of Object.entries(paths)) {
      const all: unknown[] = Array.isArray(path) ? path : [path];
      found[party] = [...(found[party] ?? []), ...all.map(String)];
    }
  };
  if (config.models) add(config.models);
  else for (const result of Object.values(run.inputs)) add((result as JsonObject | null)?.model_paths);
  const known = run.params.sf_init_config?.parties ?? [];
  const names = Array.isArray(known) ? known : Object.keys(known);
  const stranger = Object.keys(found).find((party) => !names.includes(party));
  if (stranger === undefined) return found;
  const message = `A model of party ${stranger} is to be combined, which sf_init_config.parties does not name.`;
  throw new TaskFailure('INVALID_PARAMS', message);
}
