import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { DEFAULT_TRAIN_SIZE, type TrainTestSplitConfig } from './train-test-split-config.js';
import type * as SplitParty from './train-test-split-party.js';

const program: PartyUrl<typeof SplitParty> = new URL('./train-test-split-party.js', import.meta.url);

/** Runs `train_test_split`. `recorder` is for tests. */
export async function runTrainTestSplit(
  run: TaskRun<TrainTestSplitConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.input_data).sort();
  const plan: SplitParty.SplitPlan = {
    share: config.train_size ?? DEFAULT_TRAIN_SIZE,
    shuffle: config.shuffle ?? true,
    seed: config.random_state ?? 0,
    labelParty: Object.keys(config.label_column ?? {})[0] ?? null,
  };
  const argsOf = (party: string): SplitParty.SplitArgs => ({
    plan,
    inputPath: config.input_data[party]!,
    label: config.label_column?.[party] ?? null,
    trainPath: config.train_output?.[party] ?? null,
    testPath: config.test_output?.[party] ?? null,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    run,
    recorder,
  });
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value] as const);
  return {
    result: {
      train_paths: Object.fromEntries(values.map(([party, { train }]) => [party, train])),
      test_paths: Object.fromEntries(values.map(([party, { test }]) => [party, test])),
      rows: values[0]![1].rows,
      train_size: plan.share,
    },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}
