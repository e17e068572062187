import { readdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { farProtocolOf } from '../catalogue/far-psi.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { accountsOf } from '../party/accounts.js';
import type { FileRoots } from '../party/input-files.js';
import type { PartyUrl } from '../party/party-program.js';
import { artifactFolder } from '../party/process-rights.js';
import { runParties } from '../party/run-parties.js';
import type { Account } from '../party/start-guarded.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { learnerOf, psiResult, rowsOf } from '../psi/psi-run.js';
import { EXCHANGED } from '../psi/write-rows.js';
import { SCANNED } from '../secretflow/spu-files.js';
import type * as CeleryPsiParty from './celery-psi-party.js';
import { AT_FLEETS } from './celery-protocols.js';
import { Exchange } from './exchange.js';
import { farId } from './far-id.js';
import type { CelerySettings, Fleet } from './fleet.js';
import type { Patience } from './follow.js';
import { withFarTasks } from './far-tasks.js';

const program: PartyUrl<typeof CeleryPsiParty> = new URL('./celery-psi-party.js', import.meta.url);

/** Names the folder of a task at a fleet, followed by the attempt that published it. */
const PREFIX = '.celery-';

/**
 * Runs `psi` at a fleet. The parties' own processes read the tables, ask the owners' statements and write the outputs, as for the native engine; the fleet gets hashes of the keys alone.
 * `patience` is for tests.
 */
export async function runCeleryPsi(
  run: TaskRun<PsiConfig>,
  settings: CelerySettings,
  patience?: Patience,
): Promise<TaskRunResult> {
  const protocol = farProtocolOf(AT_FLEETS, run.params.task_config)!;
  const config = { ...run.params.task_config, protocol: protocol as PsiConfig['protocol'] };
  const parties = Object.keys(config.input_paths).sort();
  const learner = learnerOf(config, parties);
  const learns = (party: string): boolean => learner === undefined || learner === party;
  const homes = await homesOf(run, parties);
  const isKept = (attempt: number): Promise<boolean> => homes.areThere(attempt);
  return withFarTasks({ run, settings, parties, isKept, ...(patience && { patience }) }, async (far) => {
    const home = (party: string): string => homes.of(party, far.published);
    const exchangeOf = (attempt: number): Exchange =>
      new Exchange({ here: settings.dataRoot, there: settings.farRoot }, farId(run.chainId, run.taskId, attempt, ''));
    const exchange = exchangeOf(far.published);
    const argsOf = (party: string): CeleryPsiParty.CeleryPsiPartyArgs => ({
      keys: config.keys[party]!,
      inputPath: config.input_paths[party]!,
      outputPath: config.output_paths?.[party] ?? null,
      allowEmpty: config.allow_empty_result === true,
      learns: learns(party),
      peerLearns: learns(parties.find((other) => other !== party)!),
      rows: rowsOf('inner', learns(party)),
      folder: home(party),
      isAdopted: far.isAdopted,
    });
    const byParty = <T>(valueOf: (party: string) => T): Record<string, T> =>
      Object.fromEntries(parties.map((party) => [party, valueOf(party)]));
    const task = {
      ...{ task_type: 'psi', keys: byParty(() => ['key']), protocol, sort: true, precheck_input: false },
      ...{
        input_paths: byParty((p) => exchange.far(p, 'keys')),
        output_paths: byParty((p) => exchange.far(p, 'found')),
      },
      ...{ receiver: learner ?? parties[0]!, broadcast_result: learner === undefined },
    };
    try {
      const outcomes = await runParties({
        ...{ program, addons: true, run, parties: byParty(argsOf) },
        async outside(signal, progress) {
          if (!far.isAdopted) for (const party of parties) await exchange.put(party, home(party));
          run.waits?.();
          await far.complete(
            (fleet) => argumentOf(run, fleet, task),
            signal,
            (fraction, stage) => progress(SCANNED + (EXCHANGED - SCANNED) * fraction, stage),
          );
          for (const party of parties.filter(learns)) await exchange.take(party, home(party), homes.account(party));
        },
      });
      return psiResult(config, outcomes);
    } finally {
      // Another attempt that follows the task by now needs them.
      if (await far.isOurs()) {
        // Those before it may have ended between their files and their task.
        for (let each = far.published; each > 0; each -= 1) await exchangeOf(each).remove();
        await homes.remove(far.published);
      }
    }
  });
}

/** The one argument of the fleet's task; its worker fills in what the far id is. */
function argumentOf({ chainId, taskId }: Pick<TaskRun, 'chainId' | 'taskId'>, { init, spu }: Fleet, task: object) {
  return (executionId: string): object => ({
    ...{ task_id: chainId, subtask_id: taskId, execution_id: executionId },
    ...{ sf_init_config: init, spu_config: spu, heu_config: null, task_config: task },
  });
}

/** The folders in which parties keep what belongs to a task at a fleet, by the attempt that published it. */
async function homesOf({ artifactRoot, dataRoot, chainId, taskId }: TaskRun<PsiConfig>, parties: readonly string[]) {
  const root = await realpath(artifactRoot).catch(() => resolve(artifactRoot));
  const rootsOf = (party: string): FileRoots => ({
    ...{ party, root: resolve(join(dataRoot, party)), artifactRoot: root, chainId, taskId },
  });
  const accounts = await accountsOf(parties.map(rootsOf));
  const of = (party: string, attempt: number): string => join(artifactFolder(rootsOf(party)), `${PREFIX}${attempt}`);
  return {
    of,
    account: (party: string): Account | undefined => accounts.get(party),
    async areThere(attempt: number): Promise<boolean> {
      const found = parties.map((party) => readdir(of(party, attempt)).catch(() => []));
      return (await Promise.all(found)).every((files) => files.length > 0);
    },
    /** Of this attempt and of those before it. */
    async remove(attempt: number): Promise<void> {
      for (const party of parties)
        for (let each = attempt; each > 0; each -= 1) await rm(of(party, each), { recursive: true, force: true });
    },
  };
}
