import type { IsOpen } from '../contract/task-runner.js';
import { engineFault, findRunner } from './task-runners.js';
import { escape, isMap } from '../contract/json-values.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';
import { findTaskType, taskTypes } from './task-types.js';

/**
 * Every fault of `task_params`, at once; none means that the task may be created. Pointers are relative to
 * `task_params`. `mayServe`: whether it may go on to answer its site, as no task of a chain does. A string that holds `${` is a reference, resolved when the task is dispatched, and never a fault here.
 */
export function checkTaskParams(type: string, params: unknown, mayServe = false): ParamFault[] {
  const faults = check(type, params, (value) => typeof value === 'string' && value.includes('${'));
  return mayServe ? faults : [...faults, ...servingFaults(params)];
}

/** As `checkTaskParams`, after the references have been resolved: nothing is passed over. */
export function checkResolvedParams(type: string, params: unknown, mayServe: boolean): ParamFault[] {
  const faults = check(type, params, () => false);
  return mayServe ? faults : [...faults, ...servingFaults(params)];
}

function servingFaults(params: unknown): ParamFault[] {
  if (!isMap(params) || !isMap(params.task_config) || !isMap(params.task_config.serve)) return [];
  const message =
    'must be absent in a chain: the sites serve by "task-chain-node serve", which takes the task as a file';
  return [{ pointer: '/task_config/serve', message }];
}

/** What the engine kuscia gives as the place of an output. */
const AT_NODES = /^domaindata:/;

/** Tables that nodes of Kuscia keep: nothing here reads them. */
function elsewhereFaults(type: string, config: unknown, pointer = '/task_config'): ParamFault[] {
  if (!findTaskType(type)!.needsParties) return [];
  if (typeof config === 'string') {
    if (!AT_NODES.test(config)) return [];
    const message =
      "is a table that a node of Kuscia keeps, which no engine reads here: let its owner take it out of the node into the party's folder, register it as a dataset, and name that";
    return [{ pointer, message }];
  }
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) => elsewhereFaults(type, value, `${pointer}/${escape(key)}`));
}

function check(type: string, params: unknown, isOpen: IsOpen): ParamFault[] {
  if (!findTaskType(type)) {
    const known = taskTypes.map((each) => each.type).join(', ');
    return [{ pointer: '', message: `no task type is called ${JSON.stringify(type)}; known are ${known}` }];
  }
  if (!isMap(params)) return [{ pointer: '', message: 'must be an object with task_config' }];
  const {
    task_config: _c,
    sf_init_config: _i,
    spu_config: _s,
    engine: name,
    ...others
  } = params as Partial<TaskParams>;
  const faults: ParamFault[] = Object.keys(others).map((key) => ({
    pointer: `/${escape(key)}`,
    message: 'is not a known field: there are engine, sf_init_config, spu_config, task_config',
  }));
  const runner = findRunner(type, name);
  if (!runner) return [...faults, { pointer: '/engine', message: engineFault(type, name) }];
  const own = runner.check(type, params, isOpen);
  // What fits the type's schema is as deep as that at most.
  return [...faults, ...own, ...(own.length > 0 ? [] : elsewhereFaults(type, params.task_config))];
}
