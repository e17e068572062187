import { TaskFailure, type TaskRun } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { PsiConfig } from '../psi/psi-config.js';
import type { SsLrConfig } from '../ss-lr/ss-lr-config.js';
import { checkForSpu } from './check-for-spu.js';
import { LR_PROTOCOLS, lrProtocolOf } from './lr-protocols.js';
import { PSI_PROTOCOLS, psiProtocolOf } from './protocols.js';
import { needsOfSpu } from './spu-needs.js';

const PYTHON = 'SECRETFLOW_PYTHON';

/** What runs a type on SPU, and by which protocols. */
interface SpuType {
  readonly protocols: Readonly<Record<string, { readonly leaves: string }>>;
  /** The protocol of a task_config; undefined for none of these. */
  readonly protocolOf: (config: unknown) => string | undefined;
  readonly load: () => Promise<(run: TaskRun, python: string) => ReturnType<TaskRunner['run']>>;
}

const TYPES = new Map<string, SpuType>([
  [
    'psi',
    {
      protocols: PSI_PROTOCOLS,
      protocolOf: psiProtocolOf,
      async load() {
        const { runSpuPsi } = await import('./spu-psi-run.js');
        return (run, python) => runSpuPsi(run as unknown as TaskRun<PsiConfig>, python);
      },
    },
  ],
  [
    'ss_lr',
    {
      protocols: LR_PROTOCOLS,
      protocolOf: lrProtocolOf,
      async load() {
        const { runSpuLr } = await import('./spu-lr-run.js');
        return (run, python) => runSpuLr(run as unknown as TaskRun<SsLrConfig>, python);
      },
    },
  ],
]);

/**
 * Runs `psi` of two parties and `ss_lr` of two and three on SPU: each party in a Python process of its own. `python` is that of an environment with SPU.
 */
export function secretflow(python: string | undefined): TaskRunner {
  return {
    name: 'secretflow',
    ...(python === undefined && { unset: PYTHON }),
    leaves: (type, config) => leavesOf(TYPES.get(type), config),
    protocols: (type) => Object.keys(TYPES.get(type)?.protocols ?? {}),
    check: (type, params, isOpen) => checkForSpu(type, params, isOpen),
    needs: () => needsOfSpu(python),
    async run(type, run) {
      if (python === undefined) throw notSetUp(run);
      if (run.site) await requireReady(python);
      return (await TYPES.get(type)!.load())(run, python);
    },
  };
}

function leavesOf(type: SpuType | undefined, config: unknown): string | undefined {
  if (type === undefined) return undefined;
  const protocol = type.protocolOf(config);
  if (protocol !== undefined) return type.protocols[protocol]!.leaves;
  // A result will name it: whichever it names runs.
  const each = Object.entries(type.protocols).map(([name, { leaves }]) => `${name}: ${leaves}`);
  return `The protocol is not known yet. ${each.join(' ')}`;
}

/** At a site SPU is looked at before the others are met: nothing of a table has left it then. */
async function requireReady(python: string): Promise<void> {
  for (const { what, found, mend } of await needsOfSpu(python))
    if (found === null)
      throw new TaskFailure('ENGINE_NOT_READY', `This site lacks ${what} for the engine secretflow: ${mend}.`);
}

const notSetUp = ({ site }: TaskRun): TaskFailure =>
  new TaskFailure(
    'ENGINE_NOT_READY',
    `The engine secretflow is not set up at this ${site ? 'site' : 'worker'}: run "npm run engine:secretflow" and ${site ? 'give its Python by "task-chain-node engine set"' : `set ${PYTHON}`}.`,
  );
