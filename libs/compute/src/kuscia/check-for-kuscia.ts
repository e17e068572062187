import { checkForNative } from '../catalogue/native-check.js';
import { escape, isMap } from '../contract/json-values.js';
import type { IsOpen } from '../contract/task-runner.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';
import { KUSCIA_PSI, kusciaProtocolOf } from './kuscia-protocols.js';

const NATIVE = 'or let the engine "native" run the task';
/** SecretFlow reads these itself. */
const TABLE = /\.parquet$/i;

/** Faults as for native, where the parameters are those of native; and what nodes of Kuscia lack of them. */
export function checkForKuscia(type: string, params: Partial<TaskParams>, isOpen: IsOpen): ParamFault[] {
  const { task_config: config, sf_init_config: init } = params;
  if (!isMap(config)) return checkForNative(type, params, isOpen);
  const isOurs = isOpen(config.protocol) || kusciaProtocolOf(config) !== undefined;
  const asNative = isOurs ? { ...params, task_config: { ...config, protocol: 'ECDH_PSI_2PC' } } : params;
  const faults = checkForNative(type, asNative as Partial<TaskParams>, isOpen).filter(
    ({ pointer }) => isOurs || pointer !== '/task_config/protocol',
  );
  const add = (pointer: string, message: string, code?: 'PROTOCOL_UNSUPPORTED'): void =>
    void faults.push({ pointer, message, ...(code && { code }) });
  if (!isOurs) {
    const names = Object.keys(KUSCIA_PSI).map((name) => JSON.stringify(name));
    add('/task_config/protocol', `must be one of ${names.join(', ')}, ${NATIVE}`, 'PROTOCOL_UNSUPPORTED');
  }
  if (config.join !== undefined && config.join !== 'inner' && !isOpen(config.join))
    add('/task_config/join', `must be "inner" or absent, ${NATIVE}`);
  if (config.output_paths !== undefined)
    add('/task_config/output_paths', `must be absent: the nodes of Kuscia keep the outputs, ${NATIVE}`);
  const inputs = config.input_paths;
  if (isMap(inputs)) {
    if (Object.keys(inputs).length > 2) add('/task_config/input_paths', `must name two parties, ${NATIVE}`);
    for (const [party, path] of Object.entries(inputs)) {
      const pointer = `/task_config/input_paths/${escape(party)}`;
      if (typeof path !== 'string' || isOpen(path)) continue;
      if (path.startsWith('artifact:'))
        add(
          pointer,
          `is an artifact, which a node of Kuscia does not see: let the task before write it below the party's folder by output_paths, ${NATIVE}`,
        );
      if (TABLE.test(path)) add(pointer, `must be CSV at nodes of Kuscia, ${NATIVE}`);
    }
  }
  if (isMap(init) && init.address === 'node')
    add('/sf_init_config/address', `must be "local" or absent: a node of Kuscia is no site of a party, ${NATIVE}`);
  return faults;
}
