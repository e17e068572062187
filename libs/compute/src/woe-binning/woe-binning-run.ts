import { fittingNames } from '../contract/inline-result.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { DEFAULT_BINS, DEFAULT_POSITIVE, type WoeBinningConfig } from './woe-binning-config.js';
import type * as WoeDealer from './woe-binning-dealer.js';
import type * as WoeParty from './woe-binning-party.js';

const program: PartyUrl<typeof WoeParty> = new URL('./woe-binning-party.js', import.meta.url);
const dealer: PartyUrl<typeof WoeDealer> = new URL('./woe-binning-dealer.js', import.meta.url);

/** Runs `woe_binning`. `recorder` is for tests. */
export async function runWoeBinning(
  run: TaskRun<WoeBinningConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.input_data).sort();
  const columnsOf = (party: string): readonly string[] => config.columns[party] ?? [];
  const [[labelParty, label]] = Object.entries(config.label_column) as [[string, string]];
  const plan: WoeParty.WoePlan = {
    labelParty,
    columns: Object.fromEntries(parties.map((party) => [party, columnsOf(party).length])),
    cuts: { method: config.binning_method ?? 'quantile', bins: config.bin_num ?? DEFAULT_BINS },
    output: config.output_values ?? 'woe',
  };
  const argsOf = (party: string): WoeParty.WoeArgs => ({
    plan,
    inputPath: config.input_data[party]!,
    columns: columnsOf(party),
    label: party === labelParty ? { column: label, positive: String(config.positive_label ?? DEFAULT_POSITIVE) } : null,
    outputPath: config.output_data?.[party] ?? null,
  });
  const {
    parties: outcomes,
    artifacts,
    partyResults,
  } = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    neutral: parties.length > 1 ? { program: dealer, args: plan } : undefined,
    run,
    recorder,
  });
  const byParty = <T>(of: (value: WoeParty.WoeValue) => T): Record<string, T> =>
    Object.fromEntries(parties.map((party) => [party, of(outcomes[party]!.value)]));
  const { inline, truncated } = fittingNames(Object.fromEntries(parties.map((party) => [party, columnsOf(party)])));
  return {
    result: {
      output_paths: byParty(({ output }) => output),
      rules_paths: byParty(({ rules }) => rules),
      report_paths: byParty(({ report }) => report),
      rows: outcomes[labelParty]!.value.rows,
      columns_binned: inline,
      ...(truncated && { columns_binned_truncated: true }),
    },
    artifacts,
    partyResults,
  };
}
