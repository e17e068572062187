import { randomBytes } from 'node:crypto';
import { readdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { accountsOf } from '../party/accounts.js';
import type { FileRoots } from '../party/input-files.js';
import type { PartyUrl } from '../party/party-program.js';
import { artifactFolder } from '../party/process-rights.js';
import { runParties } from '../party/run-parties.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { learnerOf, psiResult, rowsOf } from '../psi/psi-run.js';
import { EXCHANGED } from '../psi/write-rows.js';
import { PSI_PROTOCOLS, psiProtocolOf } from './protocols.js';
import { runOnSpu, type SpuRun } from './run-on-spu.js';
import { FILES, SCANNED } from './spu-files.js';
import type * as SpuPsiParty from './spu-psi-party.js';

const program: PartyUrl<typeof SpuPsiParty> = new URL('./spu-psi-party.js', import.meta.url);

/** Names the folder of a run, followed by its attempt. */
const PREFIX = '.spu-';

/**
 * Runs `psi` on SPU. The parties' own processes read the tables and write the outputs, as for the native engine; their processes on SPU get hashes of the
 * keys alone. `more` is for tests.
 */
export async function runSpuPsi(
  run: TaskRun<PsiConfig>,
  python: string,
  more: Pick<SpuRun, 'ports'> = {},
): Promise<TaskRunResult> {
  const protocol = psiProtocolOf(run.params.task_config)!;
  const config = { ...run.params.task_config, protocol: protocol as PsiConfig['protocol'] };
  const parties = Object.keys(config.input_paths).sort();
  const learner = learnerOf(config, parties);
  const learns = (party: string): boolean => learner === undefined || learner === party;
  const { chainId, taskId } = run;
  const artifactRoot = await realpath(run.artifactRoot).catch(() => resolve(run.artifactRoot));
  const rootsOf = (party: string): FileRoots => ({
    ...{ party, root: resolve(join(run.dataRoot, party)), artifactRoot, chainId, taskId },
  });
  const accounts = await accountsOf(parties.map(rootsOf));
  const token = randomBytes(6).toString('hex');
  const folders = new Map<string, string>();
  for (const party of parties) {
    const own = artifactFolder(rootsOf(party));
    await removeEarlier(own, run.attempt);
    folders.set(party, join(own, `${PREFIX}${run.attempt}-${token}`));
  }
  const argsOf = (party: string): SpuPsiParty.SpuPsiPartyArgs => ({
    keys: config.keys[party]!,
    inputPath: config.input_paths[party]!,
    outputPath: config.output_paths?.[party] ?? null,
    allowEmpty: config.allow_empty_result === true,
    learns: learns(party),
    peerLearns: learns(parties.find((other) => other !== party)!),
    rows: rowsOf('inner', learns(party)),
    folder: folders.get(party)!,
  });
  const onSpu = (home: string, name: string): SpuRun['parties'][number] => ({
    ...{ name, home, account: accounts.get(name) },
    psi: {
      protocol: PSI_PROTOCOLS[protocol]!.spu,
      receiver_rank: learner === undefined ? 0 : parties.indexOf(learner),
      broadcast: learner === undefined,
      input: join(home, FILES.keys),
      output: join(home, FILES.found),
    },
  });
  try {
    const outcomes = await runParties({
      ...{ program, addons: true, run, parties: Object.fromEntries(parties.map((each) => [each, argsOf(each)])) },
      outside: (signal, progress) =>
        runOnSpu(
          {
            ...{ python, ...more, parties: parties.map((each) => onSpu(folders.get(each)!, each)) },
            log: (message) => run.log('info', `SPU: ${message}`),
            progress: (fraction, stage) => progress(SCANNED + (EXCHANGED - SCANNED) * fraction, stage),
          },
          signal,
        ),
    });
    return psiResult(config, outcomes);
  } finally {
    for (const folder of folders.values()) await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what an earlier attempt left when its worker was killed. */
async function removeEarlier(folder: string, attempt: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(PREFIX) && Number.parseInt(name.slice(PREFIX.length), 10) < attempt)
      await rm(join(folder, name), { recursive: true, force: true });
}
