import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { ModelExportConfig } from './model-export-config.js';
import type * as CoefficientsDealer from './coefficients-dealer.js';
import type * as ModelExportParty from './model-export-party.js';

const program: PartyUrl<typeof ModelExportParty> = new URL('./model-export-party.js', import.meta.url);

const dealer: PartyUrl<typeof CoefficientsDealer> = new URL('./coefficients-dealer.js', import.meta.url);

/** Runs `model_export` with checked parameters. `recorder` is for tests. */
export async function runModelExport(
  run: TaskRun<ModelExportConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const { model, format = 'json', coefficients_to: readers, export_output: outputs } = run.params.task_config;
  const argsOf = (party: string): ModelExportParty.ModelExportArgs => ({
    model: model[party]!,
    format,
    output: outputs?.[party] ?? null,
    coefficientsTo: readers ?? null,
  });
  const { parties, artifacts } = await runParties({
    program,
    parties: Object.fromEntries(
      Object.keys(model)
        .sort()
        .map((party) => [party, argsOf(party)]),
    ),
    neutral: readers && { program: dealer, args: null },
    run,
    recorder,
  });
  const values = Object.entries(parties).flatMap(
    ([
      party,
      {
        value: { reference, ...facts },
      },
    ]) => (reference === null ? [] : [{ party, reference, ...facts }]),
  );
  const byParty = (of: (value: (typeof values)[number]) => string): Record<string, string> =>
    Object.fromEntries(values.map((value) => [value.party, of(value)]));
  return {
    result: {
      format,
      kind: byParty(({ kind }) => kind),
      objective: byParty(({ objective }) => objective),
      export_paths: byParty(({ reference }) => reference),
    },
    artifacts,
  };
}
