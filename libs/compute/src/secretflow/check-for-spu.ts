import { checkForNative } from '../catalogue/native-check.js';
import { escape, isMap } from '../contract/json-values.js';
import type { IsOpen } from '../contract/task-runner.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';
import { LR_PROTOCOLS, lrProtocolOf } from './lr-protocols.js';
import { AUTO, PSI_PROTOCOLS, psiProtocolOf } from './protocols.js';

const NATIVE = 'or let the engine "native" run the task';
const RUNTIME = '/spu_config/cluster_def/runtime_config';
const named = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/** Faults as for native, where the parameters are those of native; and what SPU lacks of them. */
export function checkForSpu(type: string, params: Partial<TaskParams>, isOpen: IsOpen): ParamFault[] {
  const { task_config: config } = params;
  if (!isMap(config) || type === 'component') return checkForNative(type, params, isOpen);
  return type === 'psi' ? checkPsi(params, config, isOpen) : checkLr(params, config, isOpen);
}

type Config = Readonly<Record<string, unknown>>;

function checkPsi(params: Partial<TaskParams>, config: Config, isOpen: IsOpen): ParamFault[] {
  const isOurs = isOpen(config.protocol) || psiProtocolOf(config) !== undefined;
  const asNative = isOurs ? { ...params, task_config: { ...config, protocol: 'ECDH_PSI_2PC' } } : params;
  const faults = checkForNative('psi', asNative as Partial<TaskParams>, isOpen).filter(
    ({ pointer }) => isOurs || pointer !== '/task_config/protocol',
  );
  const add = (field: string, message: string, code?: 'PROTOCOL_UNSUPPORTED'): void =>
    void faults.push({ pointer: `/task_config/${field}`, message, ...(code && { code }) });
  if (!isOurs)
    add(
      'protocol',
      `must be one of ${named([...Object.keys(PSI_PROTOCOLS), AUTO])}, ${NATIVE}`,
      'PROTOCOL_UNSUPPORTED',
    );
  if (config.join !== undefined && config.join !== 'inner' && !isOpen(config.join))
    add('join', `must be "inner" or absent, ${NATIVE}`);
  const inputs = config.input_paths;
  if (isMap(inputs) && Object.keys(inputs).length > 2) add('input_paths', `must name two parties, ${NATIVE}`);
  return faults;
}

function checkLr(params: Partial<TaskParams>, config: Config, isOpen: IsOpen): ParamFault[] {
  const { runtime, rest } = withoutRuntime(params);
  const isNamed = config.protocol !== undefined && !isOpen(config.protocol);
  const protocol = isOpen(config.protocol) ? undefined : lrProtocolOf(config);
  const asNative = {
    ...rest,
    task_config: { ...config, ...(protocol !== undefined && isNamed && { protocol: 'SEMI2K' }) },
  };
  const faults = [...checkForNative('ss_lr', asNative as Partial<TaskParams>, isOpen)];
  const add = (pointer: string, message: string, code?: 'PROTOCOL_UNSUPPORTED'): void =>
    void faults.push({ pointer, message, ...(code && { code }) });
  // At sites the check of these says so.
  const { sf_init_config: init } = params;
  if (isMap(init) && init.dealer !== undefined && init.address !== 'node')
    add('/sf_init_config/dealer', `must be absent: SPU has none, ${NATIVE}`);
  if (protocol === undefined) return faults;
  const { parties, field, leastRate } = LR_PROTOCOLS[protocol]!;
  const tables = config.train_data;
  if (isMap(tables) && Object.keys(tables).length !== parties) {
    const able = Object.entries(LR_PROTOCOLS).filter(([, each]) => each.parties === Object.keys(tables).length);
    const others = able.length > 0 ? `take ${named(able.map(([name]) => name))}, ` : '';
    add('/task_config/train_data', `must name ${parties} parties, as ${protocol} is for so many: ${others}${NATIVE}`);
  }
  const { learning_rate: rate } = isMap(config.params) ? config.params : {};
  if (typeof rate === 'number' && rate < leastRate)
    add(
      '/task_config/params/learning_rate',
      `must be at least ${leastRate} with ${protocol}, whose numbers are coarser than those of native, ${NATIVE}`,
    );
  faults.push(...runtimeFaults(runtime, protocol, field, isOpen));
  return faults;
}

/** Whatever else SPU could be told is refused: it would change what is opened, or how exact it is. */
function runtimeFaults(runtime: Config, protocol: string, field: string, isOpen: IsOpen): ParamFault[] {
  const must: Config = { protocol, field };
  return Object.entries(runtime).flatMap(([name, value]): ParamFault[] => {
    if (isOpen(value) || (Object.hasOwn(must, name) && value === must[name])) return [];
    const pointer = `${RUNTIME}/${escape(name)}`;
    if (value === 'REF2K' && name === 'protocol') return []; // Refused as on native.
    if (name === 'protocol')
      return [
        {
          code: 'PROTOCOL_UNSUPPORTED',
          pointer,
          message: `must be "${protocol}" or absent: task_config.protocol names the protocol`,
        },
      ];
    if (name === 'field') return [{ pointer, message: `must be "${field}" or absent: that of ${protocol}` }];
    return [{ pointer, message: `must be absent: the engine sets up SPU itself, ${NATIVE}` }];
  });
}

/** `spu_config.cluster_def.runtime_config`, and the parameters without what of it native does not know. */
function withoutRuntime(params: Partial<TaskParams>): { runtime: Config; rest: Partial<TaskParams> } {
  const { spu_config: spu } = params;
  const cluster = isMap(spu) ? spu.cluster_def : undefined;
  const runtime = isMap(cluster) ? cluster.runtime_config : undefined;
  if (!isMap(spu) || !isMap(cluster) || !isMap(runtime)) return { runtime: {}, rest: params };
  const kept = runtime.protocol === 'REF2K' ? { protocol: 'REF2K' } : {};
  return { runtime, rest: { ...params, spu_config: { ...spu, cluster_def: { ...cluster, runtime_config: kept } } } };
}
