import { checkForNative } from '../catalogue/native-check.js';
import { isMap } from '../contract/json-values.js';
import type { IsOpen } from '../contract/task-runner.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';
import { CELERY_PSI, celeryProtocolOf } from './celery-protocols.js';

const NATIVE = 'or let the engine "native" run the task';

/** Faults as for native, where the parameters are those of native; and what a fleet lacks of them. */
export function checkForCelery(type: string, params: Partial<TaskParams>, isOpen: IsOpen): ParamFault[] {
  const { task_config: config, sf_init_config: init } = params;
  if (!isMap(config)) return checkForNative(type, params, isOpen);
  const isOurs = isOpen(config.protocol) || celeryProtocolOf(config) !== undefined;
  const asNative = isOurs ? { ...params, task_config: { ...config, protocol: 'ECDH_PSI_2PC' } } : params;
  const faults = checkForNative(type, asNative as Partial<TaskParams>, isOpen).filter(
    ({ pointer }) => isOurs || pointer !== '/task_config/protocol',
  );
  const add = (pointer: string, message: string, code?: 'PROTOCOL_UNSUPPORTED'): void =>
    void faults.push({ pointer, message, ...(code && { code }) });
  if (!isOurs) {
    const names = Object.keys(CELERY_PSI).map((name) => JSON.stringify(name));
    add('/task_config/protocol', `must be one of ${names.join(', ')}, ${NATIVE}`, 'PROTOCOL_UNSUPPORTED');
  }
  if (config.join !== undefined && config.join !== 'inner' && !isOpen(config.join))
    add('/task_config/join', `must be "inner" or absent, ${NATIVE}`);
  const inputs = config.input_paths;
  if (isMap(inputs) && Object.keys(inputs).length > 2)
    add('/task_config/input_paths', `must name two parties, ${NATIVE}`);
  if (isMap(init) && init.address === 'node')
    add('/sf_init_config/address', `must be "local" or absent: a fleet is no site of a party, ${NATIVE}`);
  return faults;
}
