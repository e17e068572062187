import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { PER_PARTY, type NativeTaskType } from './config-schema.js';
import type { ParamFault, TaskParams } from './task-type.js';
import { findTaskType, taskTypes } from './task-types.js';

const LATER_ENGINE = 'belongs to the SecretFlow engine, which is not built yet';

const validators = new Map<string, ValidateFunction>();

/**
 * Every fault of `task_params`, at once; none means that the task may be created. Pointers are relative to
 * `task_params`. A string that holds `${` is a reference, resolved when the task is dispatched, and never a fault here.
 */
export function checkTaskParams(type: string, params: unknown): ParamFault[] {
  return check(type, params, (value) => typeof value === 'string' && value.includes('${'));
}

/** As `checkTaskParams`, after the references have been resolved: nothing is passed over. */
export function checkResolvedParams(type: string, params: unknown): ParamFault[] {
  return check(type, params, () => false);
}

function check(type: string, params: unknown, isOpen: (value: unknown) => boolean): ParamFault[] {
  const taskType = findTaskType(type);
  if (!taskType) {
    const known = taskTypes.map((each) => each.type).join(', ');
    return [{ pointer: '', message: `no task type is called ${JSON.stringify(type)}; known are ${known}` }];
  }
  if (!isMap(params)) return [{ pointer: '', message: 'must be an object with task_config' }];
  const { task_config: config, sf_init_config: init, spu_config: spu, ...others } = params as Partial<TaskParams>;
  const faults: ParamFault[] = Object.keys(others).map((key) => ({
    pointer: `/${escape(key)}`,
    message: 'unknown key; allowed are sf_init_config, spu_config, task_config',
  }));
  if (isOpen(config)) return faults;
  if (!isMap(config)) return [...faults, { pointer: '/task_config', message: 'is required and must be an object' }];
  const shape = schemaFaults(taskType, config, isOpen);
  faults.push(...shape);
  if (shape.length === 0) {
    const deeper = taskType.check?.(config) ?? [];
    faults.push(...deeper.map(({ pointer, message }) => ({ pointer: `/task_config${pointer}`, message })));
  }
  if (taskType.needsParties || init !== undefined) faults.push(...partyFaults(taskType, config, init, isOpen));
  if (spu !== undefined && !isOpen(spu)) faults.push(...spuFaults(spu, isOpen));
  return faults;
}

function schemaFaults(type: NativeTaskType, config: unknown, isOpen: (value: unknown) => boolean): ParamFault[] {
  let validate = validators.get(type.type);
  if (!validate) {
    validate = new Ajv2020({ allErrors: true, strict: false, verbose: true, discriminator: true }).compile(
      type.configSchema,
    );
    validators.set(type.type, validate);
  }
  if (validate(config)) return [];
  const errors = (validate.errors ?? []).filter((error) => !isOpen(error.data));
  const faults = errors.filter((error) => !['if', 'propertyNames'].includes(error.keyword)).map(faultOf);
  return faults.filter(
    ({ pointer, message }, at) => faults.findIndex((f) => f.pointer === pointer && f.message === message) === at,
  );
}

function faultOf(error: ErrorObject): ParamFault {
  const at = `/task_config${error.instancePath}`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { pointer: `${at}/${escape(String(params.missingProperty))}`, message: 'is required' };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params.additionalProperty ?? params.unevaluatedProperty);
      const allowed = Object.keys((error.parentSchema?.properties as object | undefined) ?? {}).join(', ');
      return { pointer: `${at}/${escape(key)}`, message: `unknown key${allowed ? `; allowed are ${allowed}` : ''}` };
    }
    case 'enum':
      return {
        pointer: at,
        message: `must be one of ${(params.allowedValues as unknown[]).map((v) => JSON.stringify(v)).join(', ')}`,
      };
    case 'const':
      return { pointer: at, message: `must be ${JSON.stringify(params.allowedValue)}` };
    case 'pattern':
      return error.propertyName === undefined
        ? { pointer: at, message: error.message ?? 'is not valid' }
        : {
            pointer: `${at}/${escape(error.propertyName)}`,
            message: 'is no name for a party: letters, digits, "_" and "-", a letter first',
          };
    case 'discriminator': {
      const branches = (error.parentSchema?.oneOf ?? []) as { properties: Record<string, { const?: unknown }> }[];
      const tag = String(params.tag);
      const known = branches.map((branch) => JSON.stringify(branch.properties[tag]?.const)).join(', ');
      return { pointer: `${at}/${escape(tag)}`, message: `must be one of ${known}` };
    }
    default:
      return { pointer: at, message: error.message ?? 'is not valid' };
  }
}

/** `sf_init_config`, and the keys of every per-party map against its parties. */
function partyFaults(
  type: NativeTaskType,
  config: Record<string, unknown>,
  init: unknown,
  isOpen: (value: unknown) => boolean,
): ParamFault[] {
  if (isOpen(init)) return [];
  if (!isMap(init))
    return [{ pointer: '/sf_init_config', message: 'is required: {"parties": [...], "address": "local"}' }];
  const faults: ParamFault[] = [];
  if (init.debug_mode)
    faults.push({
      pointer: '/sf_init_config/debug_mode',
      message: 'is refused: it computes in clear and protects nothing',
    });
  if (init.address !== undefined && init.address !== 'local' && !isOpen(init.address)) {
    faults.push({
      pointer: '/sf_init_config/address',
      message: `must be "local" or absent; a cluster address ${LATER_ENGINE}`,
    });
  }
  const { parties } = init;
  if (isOpen(parties)) return faults;
  const names = Array.isArray(parties) ? (parties as unknown[]) : isMap(parties) ? Object.keys(parties) : undefined;
  if (!names) {
    if (type.needsParties)
      faults.push({
        pointer: '/sf_init_config/parties',
        message: 'is required: a list of party names, or {party: {}}',
      });
    return faults;
  }
  if (isMap(parties)) {
    for (const [party, node] of Object.entries(parties)) {
      const address = isMap(node) ? node.address : undefined;
      if (address === undefined || address === 'local' || isOpen(address)) continue;
      faults.push({
        pointer: `/sf_init_config/parties/${escape(party)}/address`,
        message: `must be "local" or absent; a cluster address ${LATER_ENGINE}`,
      });
    }
  }
  names.forEach((name, at) => {
    if (typeof name !== 'string')
      faults.push({ pointer: `/sf_init_config/parties/${at}`, message: 'must be the name of a party' });
    else if (names.indexOf(name) !== at)
      faults.push({ pointer: `/sf_init_config/parties/${at}`, message: 'names a party a second time' });
  });
  if (names.some(isOpen)) return faults;
  const properties = (type.configSchema.properties ?? {}) as Record<string, Record<string, unknown>>;
  for (const [key, schema] of Object.entries(properties)) {
    const map = config[key];
    if (!schema[PER_PARTY] || !isMap(map)) continue;
    for (const party of Object.keys(map)) {
      if (names.includes(party)) continue;
      faults.push({
        pointer: `/task_config/${key}/${escape(party)}`,
        message: `no such party in sf_init_config.parties (${names.join(', ')})`,
      });
    }
  }
  return faults;
}

function spuFaults(spu: unknown, isOpen: (value: unknown) => boolean): ParamFault[] {
  if (!isMap(spu)) return [{ pointer: '/spu_config', message: 'must be an object' }];
  const cluster = isMap(spu.cluster_def) ? spu.cluster_def : {};
  const runtime = isMap(cluster.runtime_config) ? cluster.runtime_config : {};
  const { protocol } = runtime;
  const pointer = '/spu_config/cluster_def/runtime_config/protocol';
  if (protocol === undefined || protocol === 'SEMI2K' || isOpen(protocol)) return [];
  if (protocol === 'REF2K') return [{ pointer, message: 'is refused: REF2K computes in clear and protects nothing' }];
  return [{ pointer, message: `must be "SEMI2K"; any other protocol ${LATER_ENGINE}` }];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key as a part of a JSON pointer (RFC 6901). */
function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
