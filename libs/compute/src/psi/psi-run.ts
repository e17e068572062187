import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { PsiConfig } from './psi-config.js';
import type * as PsiParty from './psi-party.js';
import type { RowsOfOutput } from './write-rows.js';

const program: PartyUrl<typeof PsiParty> = new URL('./psi-party.js', import.meta.url);

/** The one party that learns the intersection; undefined where all do. */
function learnerOf(
  { join = 'inner', left_party: left, receiver, broadcast_result: broadcast }: PsiConfig,
  parties: readonly string[],
): string | undefined {
  if (join === 'inner') return broadcast === true ? undefined : receiver;
  return join === 'left' ? parties.find((party) => party !== left) : left;
}

/** The rows of a party's output, by whether it learns the intersection. */
function rowsOf(join: NonNullable<PsiConfig['join']>, learns: boolean): RowsOfOutput | null {
  const [ofLearner, ofOther] = (
    {
      inner: ['common', null],
      difference: ['missing', null],
      left: ['beside', 'all'],
      right: ['beside', 'all'],
    } as const
  )[join];
  return learns ? ofLearner : ofOther;
}

/** Runs `psi`. `recorder` is for the test that reads every message that crosses. */
export async function runPsi(
  run: TaskRun<PsiConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const parties = Object.keys(config.input_paths).sort();
  const { join = 'inner' } = config;
  const learner = learnerOf(config, parties);
  const learns = (party: string): boolean => learner === undefined || learner === party;
  const argsOf = (party: string): PsiParty.PsiPartyArgs => ({
    keys: config.keys[party]!,
    inputPath: config.input_paths[party]!,
    outputPath: config.output_paths?.[party] ?? null,
    learns: learns(party),
    peerLearns: learns(parties.find((other) => other !== party)!),
    allowEmpty: config.allow_empty_result === true,
    rows: rowsOf(join, learns(party)),
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
      ...(join !== 'inner' && { join, left_party: config.left_party! }),
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
