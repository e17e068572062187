import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { choicesOf } from '../party/model-card.js';
import type { PartyUrl } from '../party/party-program.js';
import { ssLrSchema, type SsLrConfig } from '../ss-lr/ss-lr-config.js';
import { planOf } from '../ss-lr/ss-lr-plan.js';
import { metricsOf } from '../ss-lr/ss-lr-run.js';
import { runVertical } from '../vertical/run-vertical.js';
import { verticalPartsOf } from '../vertical/vertical-plan.js';
import { lrProtocolOf } from './lr-protocols.js';
import { runOnSpu } from './run-on-spu.js';
import { withSpuFolders } from './spu-folders.js';
import { READ, TRAINED } from './spu-lr-party.js';
import type * as SpuLrParty from './spu-lr-party.js';

const program: PartyUrl<typeof SpuLrParty> = new URL('./spu-lr-party.js', import.meta.url);

/**
 * Runs `ss_lr` on SPU. The parties' own processes read the tables, keep the ledger and write the outputs, as for the native engine; their processes on SPU get the
 * numbers of their own party, and shares of the others'.
 */
export async function runSpuLr(run: TaskRun<SsLrConfig>, python: string): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const protocol = lrProtocolOf(config)!;
  const plan = planOf(config);
  const parts = verticalPartsOf(config, plan, choicesOf(ssLrSchema, config.params));
  return withSpuFolders(run, plan.parties, (folderOf) => {
    const argsOf = (party: string): SpuLrParty.SpuLrPartyArgs => ({
      part: parts[party]!,
      protocol,
      folder: folderOf(party).home,
    });
    return runVertical(
      {
        program,
        dealer: null,
        plan,
        parts: Object.fromEntries(plan.parties.map((party) => [party, argsOf(party)])),
        run,
        outside: (signal, progress, sites) =>
          runOnSpu(
            {
              python,
              stage: 'training on SPU',
              parties: plan.parties.map((name) => {
                const folder = folderOf(name);
                return { ...folder, name, work: { task: 'ss_lr', home: folder.home } };
              }),
              log: (message) => run.log('info', `SPU: ${message}`),
              progress: (fraction, stage) => progress(READ + (TRAINED - READ) * fraction, stage),
            },
            signal,
            sites,
          ),
      },
      (outcomeOf) => metricsOf(plan, outcomeOf),
    );
  });
}
