import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { ComponentConfig } from './component-config.js';
import type { ColumnPlan } from './component-files.js';
import { COMPUTED, READ } from './component-party.js';
import type * as ComponentParty from './component-party.js';
import { runOnSpu, type SpuRun } from './run-on-spu.js';
import { withSpuFolders } from './spu-folders.js';

const program: PartyUrl<typeof ComponentParty> = new URL('./component-party.js', import.meta.url);

/**
 * Runs a component of SecretFlow: each party's own process reads its tables, keeps the ledger and the outputs, and its process on SecretFlow gets the named columns.
 * `more` is for tests.
 */
export async function runComponent(
  run: TaskRun<ComponentConfig>,
  python: string,
  {
    recorder,
    ...more
  }: Pick<SpuRun, 'ports' | 'idleMs'> & { readonly recorder?: (message: CrossedMessage) => void } = {},
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const { component, protocol = 'CHEETAH', attrs, input_data: inputs } = config;
  const parties = Object.keys(inputs).sort();
  const columnsOf = (party: string): ColumnPlan[] => [
    ...(config.keys?.[party] ?? []).map((name) => ({ name, role: 'id' as const })),
    ...(config.features?.[party] ?? []).map((name) => ({ name, role: 'feature' as const })),
    ...(config.label_party === party ? [{ name: config.label!, role: 'label' as const }] : []),
  ];
  const columns = Object.fromEntries(parties.map((party) => [party, columnsOf(party)]));
  return withSpuFolders(run, parties, async (folderOf) => {
    const argsOf = (own: string): ComponentParty.ComponentPartyArgs => ({
      ...{ component, protocol, attrs, columns, labelParty: config.label_party ?? null },
      inputs: Object.fromEntries(
        parties.map((party) => [
          party,
          // Where others keep their tables is theirs.
          Object.fromEntries(Object.entries(inputs[party]!).map(([port, path]) => [port, party === own ? path : ''])),
        ]),
      ),
      outputs: { ...config.output_data?.[own] },
      folder: folderOf(own).home,
    });
    const outcomes = await runParties({
      ...{
        program,
        addons: true,
        run,
        recorder,
        parties: Object.fromEntries(parties.map((name) => [name, argsOf(name)])),
      },
      outside: (signal, progress) =>
        runOnSpu(
          {
            ...{ python, ...more, stage: 'running the component', portsEach: 2 },
            parties: parties.map((name) => {
              const folder = folderOf(name);
              return { ...folder, name, work: { task: 'component', home: folder.home } };
            }),
            log: (message) => run.log('info', `SecretFlow: ${message}`),
            progress: (fraction, stage) => progress(READ + (COMPUTED - READ) * fraction, stage),
          },
          signal,
        ),
    });
    const outputs = Object.fromEntries(parties.map((name) => [name, outcomes.parties[name]!.value.outputs]));
    return {
      result: { component, parties, outputs },
      artifacts: outcomes.artifacts,
      partyResults: outcomes.partyResults,
    };
  });
}
