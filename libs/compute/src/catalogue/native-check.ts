import { inputFaults, partyFaults } from '../contract/party-faults.js';
import { schemaFaults } from '../contract/schema-faults.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';
import { siteFaults } from './at-sites.js';
import { findTaskType } from './task-types.js';
import { escape, isMap } from '../contract/json-values.js';
import type { IsOpen } from '../contract/task-runner.js';

const SECRETFLOW = 'belongs to parties on several machines, which no engine runs yet';
/** Keys of `sf_init_config` that only remote parties have. */
const CLUSTER_KEYS = ['cluster_config', 'self_party'];
/** Protocols of SecretFlow's SPU that native lacks, and what runs them. */
const SPU_PROTOCOLS: Readonly<Record<string, string>> = {
  ABY3: 'the engine "secretflow" runs ss_lr by it, where task_config.protocol names it',
  CHEETAH: 'the engine "secretflow" runs ss_lr by it, where task_config.protocol names it',
  SECURENN: 'no engine runs "SECURENN" yet',
};

/** What a type's `protocol` may name that the engine secretflow alone runs. */
const SPU_ALONE: Readonly<Record<string, readonly unknown[]>> = {
  psi: ['RR22_PSI_2PC', 'AUTO'],
  ss_lr: ['CHEETAH', 'ABY3'],
};

/** Faults of parameters for the native engine: those of the type, and what asks for parties on other machines. */
export function checkForNative(type: string, params: Partial<TaskParams>, isOpen: IsOpen): ParamFault[] {
  const taskType = findTaskType(type)!;
  const { task_config: config, sf_init_config: init, spu_config: spu } = params;
  if (isOpen(config)) return [];
  if (!isMap(config)) return [{ pointer: '/task_config', message: 'is required and must be an object' }];
  // Put together by concat: a body can hold more faults than a call may have arguments.
  const own = schemaFaults(taskType, config, isOpen);
  const deeper = own.length > 0 ? [] : [...otherEngines(type, config), ...(taskType.check?.(config) ?? [])];
  const told = [
    own,
    deeper.map(({ pointer, ...fault }) => ({ ...fault, pointer: `/task_config${pointer}` })),
    taskType.needsParties || init !== undefined ? partyFaults(taskType, config, init, isOpen) : [],
  ].flat();
  // Names of unknown parties are reported already.
  const places = new Set(told.map(({ pointer }) => pointer));
  return [
    told,
    inputFaults(taskType, config).filter(({ pointer }) => !places.has(pointer)),
    isMap(init) ? clusterFaults(init, isOpen) : [],
    siteFaults(type, params, isOpen),
    spu === undefined || isOpen(spu) ? [] : spuFaults(spu, isOpen),
  ].flat();
}

/** Protocols that other engines run. */
function otherEngines(type: string, { protocol }: Record<string, unknown>): ParamFault[] {
  if (!(Object.hasOwn(SPU_ALONE, type) && SPU_ALONE[type]!.includes(protocol))) return [];
  const message = `is a protocol of the engine "secretflow": name that in task_params.engine, or leave protocol out`;
  return [{ code: 'PROTOCOL_UNSUPPORTED', pointer: '/protocol', message }];
}

/** Parties run on this machine: native cannot reach another address. */
function clusterFaults(init: Record<string, unknown>, isOpen: IsOpen): ParamFault[] {
  const faults: ParamFault[] = [];
  const local = (pointer: string, address: unknown, what: string): void => {
    if (address === undefined || address === 'local' || isOpen(address)) return;
    faults.push({ pointer, message: `must be "local" or absent; ${what} ${SECRETFLOW}` });
  };
  if (init.debug_mode) {
    const message = 'is refused: it computes in clear and protects nothing';
    faults.push({ pointer: '/sf_init_config/debug_mode', message });
  }
  if (init.address !== 'node') local('/sf_init_config/address', init.address, "a cluster's or Ray's address");
  for (const key of CLUSTER_KEYS) {
    if (init[key] === undefined) continue;
    faults.push({ pointer: `/sf_init_config/${key}`, message: `must be absent; a cluster of parties ${SECRETFLOW}` });
  }
  for (const [party, node] of isMap(init.parties) ? Object.entries(init.parties) : []) {
    if (!isMap(node)) continue;
    for (const key of ['address', 'listen_addr'])
      local(`/sf_init_config/parties/${escape(party)}/${key}`, node[key], 'a cluster address');
  }
  return faults;
}

function spuFaults(spu: unknown, isOpen: IsOpen): ParamFault[] {
  if (!isMap(spu)) return [{ pointer: '/spu_config', message: 'must be an object' }];
  const cluster = isMap(spu.cluster_def) ? spu.cluster_def : {};
  const at = '/spu_config/cluster_def';
  const faults: ParamFault[] = [];
  for (const [position, node] of (Array.isArray(cluster.nodes) ? (cluster.nodes as unknown[]) : []).entries()) {
    const address = isMap(node) ? node.address : undefined;
    if (address === undefined || isOpen(address) || isHere(address)) continue;
    const message = `must be "local", an address of this machine, or absent; a cluster address ${SECRETFLOW}`;
    faults.push({ pointer: `${at}/nodes/${position}/address`, message });
  }
  const { protocol, field } = isMap(cluster.runtime_config) ? cluster.runtime_config : {};
  if (protocol === 'REF2K') {
    const message = 'is refused: REF2K computes in clear and protects nothing';
    faults.push({ code: 'PROTOCOL_UNSUPPORTED', pointer: `${at}/runtime_config/protocol`, message });
  } else if (protocol !== undefined && protocol !== 'SEMI2K' && !isOpen(protocol)) {
    const fault = { pointer: `${at}/runtime_config/protocol`, message: 'must be "SEMI2K"' };
    if (typeof protocol !== 'string' || !Object.hasOwn(SPU_PROTOCOLS, protocol)) faults.push(fault);
    else {
      const message = `${fault.message}; ${SPU_PROTOCOLS[protocol]}`;
      faults.push({ ...fault, code: 'PROTOCOL_UNSUPPORTED', message });
    }
  }
  if (field !== undefined && !['FM64', 'FM128'].includes(field as string) && !isOpen(field)) {
    const message = 'must be "FM64" or "FM128": a smaller field is too coarse for fixed-point numbers';
    faults.push({ pointer: `${at}/runtime_config/field`, message });
  }
  return faults;
}

/** Loopback: what SecretFlow's own simulation writes for parties that are all in one place. */
function isHere(address: unknown): boolean {
  return typeof address === 'string' && /^(local|(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?)$/.test(address);
}
