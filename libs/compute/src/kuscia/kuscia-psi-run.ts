import { readFile, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { farName } from '../catalogue/far-name.js';
import { farProtocolOf } from '../catalogue/far-psi.js';
import { TaskFailure, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import type { FileRoots } from '../party/input-files.js';
import type { PartyUrl } from '../party/party-program.js';
import { artifactFolder } from '../party/process-rights.js';
import { runParties } from '../party/run-parties.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { learnerOf } from '../psi/psi-run.js';
import { withFarJob } from './far-job.js';
import type { KusciaPatience } from './job-end.js';
import { domainDataOf, grantOf, jobRequest, outputId, type ComponentJob, type DescribedTable } from './job-request.js';
import { KUSCIA_PATIENCE } from './job-end.js';
import { KusciaApi } from './kuscia-api.js';
import { AT_NODES, THEIRS } from './kuscia-protocols.js';
import { DESCRIBED, READ } from './kuscia-psi-party.js';
import type * as KusciaPsiParty from './kuscia-psi-party.js';
import { KUSCIA_API, type KusciaSettings } from './kuscia-settings.js';

const program: PartyUrl<typeof KusciaPsiParty> = new URL('./kuscia-psi-party.js', import.meta.url);

/** Names the folder of a run, followed by its attempt. */
const PREFIX = '.kuscia-';
const COMPONENT = 'data_prep/psi:1.0.0';
/** The table, and a report. */
const OUTPUTS = 2;

/**
 * Runs `psi` at nodes of Kuscia. The parties' own processes read the tables first, ask the owners' statements and count the use; then the nodes read them where they lie, and keep the outputs.
 * `patience` is for tests.
 */
export async function runKusciaPsi(
  run: TaskRun<PsiConfig>,
  all: KusciaSettings,
  patience: KusciaPatience = KUSCIA_PATIENCE,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const protocol = farProtocolOf(AT_NODES, config)!;
  const parties = Object.keys(config.input_paths).sort();
  const nameOf = (party: string): string => farName(all.dataRoot, run.dataRoot, party);
  const missing = parties.map(nameOf).find((name) => !Object.hasOwn(all.parties, name));
  if (missing !== undefined) {
    const message = `The engine kuscia has no domain of ${missing}: its operator names one in ${KUSCIA_API}.`;
    throw new TaskFailure('ENGINE_NOT_READY', message);
  }
  // By the names of the task: a node reads the file that the party's process has read.
  const settings = {
    ...all,
    parties: Object.fromEntries(parties.map((party) => [party, all.parties[nameOf(party)]!])),
  };
  const learner = learnerOf(config, parties);
  const learners = parties.filter((party) => learner === undefined || learner === party);
  const domainOf = (party: string): string => settings.parties[party]!.domain;
  const folders = await foldersOf(run, parties);
  try {
    return await withFarJob({ run, settings, patience }, async (job) => {
      const argsOf = (party: string): KusciaPsiParty.KusciaPsiPartyArgs => ({
        keys: config.keys[party]!,
        inputPath: config.input_paths[party]!,
        root: resolve(join(run.dataRoot, party)),
        peerLearns: learners.some((each) => each !== party),
        folder: folders.of(party),
      });
      const outcomes = await runParties({
        ...{ program, addons: true, run },
        parties: Object.fromEntries(parties.map((party) => [party, argsOf(party)])),
        async outside(signal, progress) {
          run.waits?.();
          const inputs: string[] = [];
          for (const party of parties) {
            const data = domainDataOf(settings, party, await folders.described(party));
            const others = parties.map(domainOf).filter((each) => each !== data.domain_id);
            await atNodeOf(settings, party, patience, (own) =>
              job.ask(async (api) => {
                await (own ?? api).registerTable(data);
                for (const other of others) await (own ?? api).grantTable(grantOf(data, other));
              }, signal),
            );
            inputs.push(data.domaindata_id);
          }
          const component: ComponentJob = {
            ...{ component: COMPONENT, parties, inputs, outputs: OUTPUTS },
            attrs: {
              ...Object.fromEntries(parties.map((party, at) => [`input/input_ds${at + 1}/keys`, config.keys[party]!])),
              ...{
                protocol: THEIRS[protocol]!,
                sort_result: true,
                receiver_parties: learners.map(domainOf),
              },
              ...{ allow_empty_result: config.allow_empty_result === true, join_type: 'inner_join' },
              // Checked above.
              ...{ input_ds1_keys_duplicated: false, input_ds2_keys_duplicated: false },
            },
          };
          await job.complete(jobRequest(settings, job.id, component), signal, (fraction, stage) =>
            progress(READ + (1 - READ) * fraction, stage),
          );
        },
      });
      return {
        result: {
          intersection_count: null,
          withheld: { intersection_count: 'The nodes of Kuscia keep it, in the report beside the output.' },
          output_paths: Object.fromEntries(
            learners.map((party) => [party, `domaindata:${domainOf(party)}/${outputId(job.id, 0)}`]),
          ),
          psi_protocol: protocol,
          reports: Object.entries(outcomes.parties).map(([party, { value }]) => ({
            party,
            original_count: value.original_count,
            intersection_count: null,
          })),
          ...{ receiver: config.receiver ?? null, parties },
        },
        artifacts: outcomes.artifacts,
        partyResults: outcomes.partyResults,
      };
    });
  } finally {
    await folders.remove();
  }
}

/** With the API of the party's own node, where it has one. */
async function atNodeOf<T>(
  settings: KusciaSettings,
  party: string,
  { commandMs }: KusciaPatience,
  work: (own: KusciaApi | undefined) => Promise<T>,
): Promise<T> {
  const { access } = settings.parties[party]!;
  if (access === undefined) return work(undefined);
  const api = new KusciaApi(access, commandMs);
  try {
    return await work(api);
  } finally {
    api.close();
  }
}

/** Where the parties leave what the nodes are to know of their tables. */
async function foldersOf(
  { artifactRoot, dataRoot, chainId, taskId, attempt }: TaskRun<PsiConfig>,
  parties: readonly string[],
) {
  const root = await realpath(artifactRoot).catch(() => resolve(artifactRoot));
  const of = (party: string): string => {
    const roots: FileRoots = {
      ...{ party, root: resolve(join(dataRoot, party)), artifactRoot: root, chainId, taskId },
    };
    return join(artifactFolder(roots), `${PREFIX}${attempt}`);
  };
  return {
    of,
    async described(party: string): Promise<DescribedTable> {
      return JSON.parse(await readFile(join(of(party), DESCRIBED), 'utf8')) as DescribedTable;
    },
    async remove(): Promise<void> {
      for (const party of parties) await rm(of(party), { recursive: true, force: true });
    },
  };
}
