import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PsiConfig } from './psi-config.js';
import type * as PsiParty from './psi-party.js';

const program: PartyUrl<typeof PsiParty> = new URL('./psi-party.js', import.meta.url);

/** Runs `psi`. `recorder` is for the test that reads every message that crosses. */
export async function runPsi(
  run: TaskRun<PsiConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.input_paths).sort();
  const learns = (party: string): boolean =>
    config.receiver === undefined || config.receiver === party || config.broadcast_result === true;
  const argsOf = (party: string): PsiParty.PsiPartyArgs => ({
    keys: config.keys[party]!,
    inputPath: config.input_paths[party]!,
    outputPath: config.output_paths?.[party] ?? null,
    learns: learns(party),
    peerLearns: learns(parties.find((other) => other !== party)!),
    allowEmpty: config.allow_empty_result === true,
  });
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
    addons: true,
    run,
    recorder,
  });
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => ({ party, ...value }));
  const holder = values.find((value) => value.intersection_count === null)?.party;
  return {
    result: {
      intersection_count: holder === undefined ? Math.max(...values.map((value) => value.intersection_count!)) : null,
      ...(holder !== undefined && {
        withheld: { intersection_count: `Only ${holder} learns it: see party_results.${holder}.` },
      }),
      output_paths: Object.fromEntries(
        values.flatMap(({ party, output }) => (output === null ? [] : [[party, output]])),
      ),
      psi_protocol: config.protocol ?? 'ECDH_PSI_2PC',
      reports: values.map(({ party, original_count, intersection_count }) => ({
        party,
        original_count,
        intersection_count,
      })),
      receiver: config.receiver ?? null,
      parties,
    },
    artifacts: outcomes.artifacts,
    partyResults: outcomes.partyResults,
  };
}
