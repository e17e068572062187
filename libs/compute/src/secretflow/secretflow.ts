import { EngineNotReady, TaskFailure, type TaskRun } from '../contract/task-type.js';
import { isMap } from '../contract/json-values.js';
import type { TaskRunner } from '../contract/task-runner.js';
import type { PsiConfig } from '../psi/psi-config.js';
import type { SsLrConfig } from '../ss-lr/ss-lr-config.js';
import { notReviewed } from './check-component.js';
import { component } from './component.js';
import { checkForSpu } from './check-for-spu.js';
import type { ComponentConfig } from './component-config.js';
import { COMPONENTS } from './component-list.js';
import { LR_PROTOCOLS, lrProtocolOf } from './lr-protocols.js';
import { PSI_PROTOCOLS, psiProtocolOf } from './protocols.js';
import { leavesOfComponent, REVIEWED } from './reviewed-components.js';
import { needsOfComponents, needsOfSpu } from './spu-needs.js';

const PYTHON = 'SECRETFLOW_PYTHON';
const COMPONENTS_PYTHON = 'SECRETFLOW_COMPONENTS_PYTHON';
const COMPONENT = 'component';

/** What components need. */
export interface ComponentSettings {
  /** The Python of an environment with them. */
  readonly python?: string | undefined;
  /** Those that the operator allows though nobody has reviewed what they send. */
  readonly allowed?: readonly string[];
}

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
 * Runs `psi` of two parties and `ss_lr` of two and three on SPU, and components of SecretFlow: each party in a Python process of its own. `python` is that of an
 * environment with SPU.
 */
export function secretflow(python: string | undefined, components: ComponentSettings = {}): TaskRunner {
  const idsHere = COMPONENTS.map(({ id }) => id);
  return {
    name: 'secretflow',
    ...(python === undefined && { unset: PYTHON }),
    lacks: (type) => (type === COMPONENT && components.python === undefined ? COMPONENTS_PYTHON : undefined),
    refuses(type, params) {
      const id = type === COMPONENT ? unreviewedIn(params.task_config) : undefined;
      if (id === undefined || components.allowed?.includes(id)) return [];
      return [{ code: 'COMPONENT_NOT_REVIEWED', pointer: '/task_config/component', message: notReviewed(id) }];
    },
    leaves: (type, config) =>
      type === COMPONENT ? (leavesOfComponent(config) ?? component.leaves) : leavesOf(TYPES.get(type), config),
    protocols: (type) => (type === COMPONENT ? idsHere : Object.keys(TYPES.get(type)?.protocols ?? {})),
    check: (type, params, isOpen) => checkForSpu(type, params, isOpen),
    needs: async () => [
      ...(await needsOfSpu(python)),
      ...(components.python === undefined ? [] : await needsOfComponents(components.python)),
    ],
    async run(type, run) {
      if (type === COMPONENT) return runAsComponent(run, components);
      if (python === undefined) throw notSetUp(run);
      if (run.site) await requireReady(python);
      return (await TYPES.get(type)!.load())(run, python);
    },
  };
}

const unreviewedIn = (config: unknown): string | undefined => {
  const { component: id } = isMap(config) ? config : {};
  return typeof id === 'string' && !Object.hasOwn(REVIEWED, id) ? id : undefined;
};

async function runAsComponent(run: TaskRun, { python, allowed }: ComponentSettings): ReturnType<TaskRunner['run']> {
  if (python === undefined)
    throw new TaskFailure(
      'ENGINE_NOT_READY',
      `SecretFlow's components are not set up at this worker: run "npm run engine:secretflow -- --components" and set ${COMPONENTS_PYTHON}.`,
    );
  const id = unreviewedIn(run.params.task_config);
  if (id !== undefined && !allowed?.includes(id))
    throw new TaskFailure('COMPONENT_NOT_REVIEWED', `The component ${notReviewed(id)}.`);
  const { runComponent } = await import('./component-run.js');
  return runComponent(run as unknown as TaskRun<ComponentConfig>, python);
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
      throw new EngineNotReady(
        `This site lacks ${what} for the engine secretflow. Its log says how to mend that.`,
        `${what} for the engine secretflow: ${mend}`,
      );
}

const notSetUp = ({ site }: TaskRun): TaskFailure =>
  new TaskFailure(
    'ENGINE_NOT_READY',
    `The engine secretflow is not set up at this ${site ? 'site' : 'worker'}: run "npm run engine:secretflow" and ${site ? 'give its Python by "task-chain-node engine set"' : `set ${PYTHON}`}.`,
  );
