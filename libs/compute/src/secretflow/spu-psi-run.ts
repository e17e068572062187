import { join } from 'node:path';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { learnerOf, psiResult, rowsOf } from '../psi/psi-run.js';
import { EXCHANGED } from '../psi/write-rows.js';
import { PSI_PROTOCOLS, psiProtocolOf } from './protocols.js';
import { runOnSpu, type SpuRun } from './run-on-spu.js';
import { FILES, SCANNED } from './spu-files.js';
import { withSpuFolders } from './spu-folders.js';
import type * as SpuPsiParty from './spu-psi-party.js';

const program: PartyUrl<typeof SpuPsiParty> = new URL('./spu-psi-party.js', import.meta.url);

/**
 * Runs `psi` on SPU. The parties' own processes read the tables and write the outputs, as for the native engine; their processes on SPU get hashes of the
 * keys alone. `more` is for tests.
 */
export async function runSpuPsi(
  run: TaskRun<PsiConfig>,
  python: string,
  { spu, ...more }: Pick<SpuRun, 'ports'> & { readonly spu?: string } = {},
): Promise<TaskRunResult> {
  const protocol = psiProtocolOf(run.params.task_config)!;
  const config = { ...run.params.task_config, protocol: protocol as PsiConfig['protocol'] };
  const parties = Object.keys(config.input_paths).sort();
  const learner = learnerOf(config, parties);
  const learns = (party: string): boolean => learner === undefined || learner === party;
  return withSpuFolders(run, parties, async (folderOf) => {
    const argsOf = (party: string): SpuPsiParty.SpuPsiPartyArgs => ({
      keys: config.keys[party]!,
      inputPath: config.input_paths[party]!,
      outputPath: config.output_paths?.[party] ?? null,
      allowEmpty: config.allow_empty_result === true,
      learns: learns(party),
      peerLearns: learns(parties.find((other) => other !== party)!),
      rows: rowsOf('inner', learns(party)),
      folder: folderOf(party).home,
      ...(spu !== undefined && { spu }),
    });
    const onSpu = (name: string): SpuRun['parties'][number] => {
      const { home, account } = folderOf(name);
      const psi = {
        protocol: PSI_PROTOCOLS[protocol]!.spu,
        receiver_rank: learner === undefined ? 0 : parties.indexOf(learner),
        broadcast: learner === undefined,
        input: join(home, FILES.keys),
        output: join(home, FILES.found),
      };
      return { name, home, account, work: { task: 'psi', psi } };
    };
    const outcomes = await runParties({
      ...{ program, addons: true, run, parties: Object.fromEntries(parties.map((each) => [each, argsOf(each)])) },
      outside: (signal, progress, sites) =>
        runOnSpu(
          {
            ...{ python, ...more, stage: 'intersecting', parties: parties.map(onSpu) },
            log: (message) => run.log('info', `SPU: ${message}`),
            progress: (fraction, stage) => progress(SCANNED + (EXCHANGED - SCANNED) * fraction, stage),
          },
          signal,
          sites,
        ),
    });
    return psiResult(config, outcomes);
  });
}
