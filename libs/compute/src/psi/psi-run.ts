import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage, type PartyOutcomes } from '../party/run-parties.js';
import type { PsiConfig } from './psi-config.js';
import type * as PsiOfManyParty from './psi-of-many-party.js';
import type { PsiPartyValue } from './psi-outcome.js';
import type * as PsiParty from './psi-party.js';
import type { RowsOfOutput } from './write-rows.js';

const ofTwo: PartyUrl<typeof PsiParty> = new URL('./psi-party.js', import.meta.url);
const ofMany: PartyUrl<typeof PsiOfManyParty> = new URL('./psi-of-many-party.js', import.meta.url);

/** How the protocols of two parties but the default compare keys. */
const BY: Readonly<Record<string, PsiParty.PsiPartyArgs['by']>> = {
  ECDH_OPRF_UB_PSI_2PC: 'oprf',
  KKRT_PSI_2PC: 'kkrt',
};

/** The one party that learns the intersection; undefined where all do. */
export function learnerOf(
  { join = 'inner', left_party: left, receiver, broadcast_result: broadcast }: PsiConfig,
  parties: readonly string[],
): string | undefined {
  if (join === 'inner') return broadcast === true ? undefined : receiver;
  return join === 'left' ? parties.find((party) => party !== left) : left;
}

/** The rows of a party's output, by whether it learns the intersection. */
export function rowsOf(join: NonNullable<PsiConfig['join']>, learns: boolean): RowsOfOutput | null {
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
  const ofParty = (party: string) => ({
    keys: config.keys[party]!,
    inputPath: config.input_paths[party]!,
    outputPath: config.output_paths?.[party] ?? null,
    allowEmpty: config.allow_empty_result === true,
  });
  const byParty = <Args>(argsOf: (party: string) => Args): Record<string, Args> =>
    Object.fromEntries(parties.map((party) => [party, argsOf(party)]));
  const common = { addons: true, run, recorder };
  const argsOfTwo = (party: string): PsiParty.PsiPartyArgs => ({
    ...ofParty(party),
    learns: learns(party),
    peerLearns: learns(parties.find((other) => other !== party)!),
    by: BY[config.protocol ?? ''] ?? 'ecdh',
    rows: rowsOf(join, learns(party)),
  });
  const argsOfMany = (party: string): PsiOfManyParty.PsiOfManyArgs => ({
    ...ofParty(party),
    leader: learner ?? parties[0]!,
    leaderAlone: learner !== undefined,
  });
  const outcomes =
    parties.length === 2
      ? await runParties({ ...common, program: ofTwo, parties: byParty(argsOfTwo) })
      : await runParties({ ...common, program: ofMany, parties: byParty(argsOfMany) });
  return psiResult(config, outcomes);
}

/** What a task of type `psi` gives, whatever ran it. */
export function psiResult(config: PsiConfig, outcomes: PartyOutcomes<PsiPartyValue, unknown>): TaskRunResult {
  const parties = Object.keys(outcomes.parties);
  const { join = 'inner' } = config;
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
      psi_protocol: config.protocol ?? (parties.length === 2 ? 'ECDH_PSI_2PC' : 'KMPRT_PSI_NPC'),
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
