import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { FitPart } from './fit-rows.js';
import type { SsPvalueConfig } from './ss-pvalue-config.js';
import type * as SsPvalueDealer from './ss-pvalue-dealer.js';
import type * as SsPvalueParty from './ss-pvalue-party.js';

const program: PartyUrl<typeof SsPvalueParty> = new URL('./ss-pvalue-party.js', import.meta.url);
const dealer: PartyUrl<typeof SsPvalueDealer> = new URL('./ss-pvalue-dealer.js', import.meta.url);

/** Runs `ss_pvalue` with checked parameters. `recorder` is for tests. */
export async function runSsPvalue(
  run: TaskRun<SsPvalueConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const { model, train_data: data, label, label_party: labelParty } = run.params.task_config;
  const names = Object.keys(model).sort();
  const partOf = (party: string): FitPart => ({
    model: model[party]!,
    trainData: data[party]!,
    label: party === labelParty ? label : null,
  });
  const { parties, artifacts, partyResults } = await runParties({
    program,
    parties: Object.fromEntries(names.map((party) => [party, partOf(party)])),
    neutral: { program: dealer, args: null },
    run,
    recorder,
  });
  const columns = Object.fromEntries(names.map((party) => [party, parties[party]!.value.columns]));
  const { regType, rows } = parties[names[0]!]!.value;
  return { result: { reg_type: regType, rows, columns }, artifacts, partyResults };
}
