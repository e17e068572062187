import { isMap } from '../contract/json-values.js';
import { TaskFailure, type ParamFault, type TaskParams, type TaskRun } from '../contract/task-type.js';
import type { IsOpen, TaskRunner } from '../contract/task-runner.js';
import { checkForNative } from '../catalogue/native-check.js';
import type { PsiConfig } from '../psi/psi-config.js';
import { AUTO, PSI_PROTOCOLS, psiProtocolOf } from './protocols.js';
import { needsOfSpu } from './spu-needs.js';

const PYTHON = 'SECRETFLOW_PYTHON';

/** Runs `psi` of two parties on SPU: each party in a Python process of its own. `python` is that of an environment with SPU. */
export function secretflow(python: string | undefined): TaskRunner {
  return {
    name: 'secretflow',
    ...(python === undefined && { unset: PYTHON }),
    leaves: (type, config) => (type === 'psi' ? leavesOf(config) : undefined),
    protocols: (type) => (type === 'psi' ? Object.keys(PSI_PROTOCOLS) : []),
    check: (type, params, isOpen) => checkForSpu(type, params, isOpen),
    needs: () => needsOfSpu(python),
    async run(_type, run) {
      if (python === undefined) throw notSetUp();
      if (run.site) throw new TaskFailure('INVALID_PARAMS', 'The engine secretflow runs parties on one machine.');
      const { runSpuPsi } = await import('./spu-psi-run.js');
      return runSpuPsi(run as unknown as TaskRun<PsiConfig>, python);
    },
  };
}

function leavesOf(config: unknown): string {
  const protocol = psiProtocolOf(config) ?? psiProtocolOf({})!;
  return PSI_PROTOCOLS[protocol]!.leaves;
}

const notSetUp = (): TaskFailure =>
  new TaskFailure(
    'ENGINE_NOT_READY',
    `The engine secretflow is not set up at this worker: run "npm run engine:secretflow" and set ${PYTHON}.`,
  );

/** Faults as for native, where the parameters are those of native; and what SPU lacks of them. */
function checkForSpu(type: string, params: Partial<TaskParams>, isOpen: IsOpen): ParamFault[] {
  const { task_config: config } = params;
  if (!isMap(config)) return checkForNative(type, params, isOpen);
  const isOurs = isOpen(config.protocol) || psiProtocolOf(config) !== undefined;
  const asNative = isOurs ? { ...params, task_config: { ...config, protocol: 'ECDH_PSI_2PC' } } : params;
  const faults = checkForNative(type, asNative, isOpen).filter(
    ({ pointer }) => isOurs || pointer !== '/task_config/protocol',
  );
  const add = (field: string, message: string, code?: 'PROTOCOL_UNSUPPORTED'): void =>
    void faults.push({ pointer: `/task_config/${field}`, message, ...(code && { code }) });
  const native = 'or let the engine "native" run the task';
  if (!isOurs) {
    const names = [...Object.keys(PSI_PROTOCOLS), AUTO].map((name) => JSON.stringify(name)).join(', ');
    add('protocol', `must be one of ${names}, ${native}`, 'PROTOCOL_UNSUPPORTED');
  }
  if (config.join !== undefined && config.join !== 'inner' && !isOpen(config.join))
    add('join', `must be "inner" or absent, ${native}`);
  const inputs = config.input_paths;
  if (isMap(inputs) && Object.keys(inputs).length > 2) add('input_paths', `must name two parties, ${native}`);
  return faults;
}
