import { type FaultList, type InputFault, isObject, pointer, quoted } from '#libs/chain-domain';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { createChainSchema } from './create-chain.schema.js';
import { TENANT_ID } from '../../auth/roles.js';
import { ERROR_CODE } from './retry-policy.schema.js';

/** More fields than this are not worth a fault each. */
const MAX_FIELDS = 100;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const { tasks } = createChainSchema.properties;
// Tasks are checked one by one, so that checking ends when there are enough faults.
const checkBody = ajv.compile({
  ...createChainSchema,
  properties: { ...createChainSchema.properties, tasks: { ...tasks, items: true } },
});
const checkTask = ajv.compile(tasks.items);

/** What the server gives a chain: seen in an answer and sent back by mistake. */
const SERVER_FIELDS = new Set(['chain_id', 'chain_type', 'created_by', 'created_at', 'status']);
const CODES: Readonly<Record<string, string>> = {
  type: 'INVALID_TYPE',
  additionalProperties: 'UNKNOWN_FIELD',
  required: 'REQUIRED',
  enum: 'INVALID_VALUE',
  pattern: 'INVALID_FORMAT',
};

/** Adds what the schema has against the body. Stops early where there are more faults than will be told. */
export function addSchemaFaults(body: unknown, faults: FaultList): void {
  addFaults(checkBody, body, '', '', faults);
  if (!isObject(body) || !Array.isArray(body['tasks']) || body['tasks'].length > tasks.maxItems) return;
  for (const [position, task] of (body['tasks'] as unknown[]).entries()) {
    if (faults.full) return;
    addFaults(checkTask, task, pointer('tasks', position), taskLabel(task, position), faults);
  }
}

/** A check of a body's part by its schema. */
export const compileSchema = (schema: object): ValidateFunction => ajv.compile(schema);

/** Adds what a check has against a body. */
export function addFaultsOf(check: ValidateFunction, body: unknown, faults: FaultList): void {
  addFaults(check, body, '', '', faults);
}

/** How a message names a task. */
export function taskLabel(task: unknown, position: number): string {
  const id = isObject(task) ? task['task_id'] : undefined;
  return typeof id === 'string' ? `Task ${quoted(id)}: ` : `Task ${position} of the list: `;
}

function addFaults(check: ValidateFunction, value: unknown, at: string, label: string, faults: FaultList): void {
  if (isObject(value) && Object.keys(value).length > MAX_FIELDS) {
    faults.add({ code: 'UNKNOWN_FIELD', pointer: at, message: `${label}It has more than ${MAX_FIELDS} fields.` });
  } else if (!check(value)) {
    for (const error of check.errors!) {
      faults.add(faultOf(error, at, label));
      if (faults.full) break;
    }
    check.errors = null;
  }
}

function faultOf(error: ErrorObject, at: string, label: string): InputFault {
  const { keyword, instancePath, params } = error;
  const field = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const code = CODES[keyword] ?? listCode(at + instancePath, error) ?? 'OUT_OF_RANGE';
  const subject = `${label}${field || (at ? 'it' : 'the body')}`;
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    const why =
      at === '' && field === '' && SERVER_FIELDS.has(name)
        ? 'is given by the server: leave it out'
        : 'is not a known field';
    return {
      code,
      pointer: at + instancePath + pointer(name),
      message: `${label}${field && `${field}.`}${quoted(name).slice(1, -1)} ${why}.`,
    };
  }
  if (keyword === 'required') {
    const name = String(params['missingProperty']);
    return {
      code,
      pointer: at + instancePath + pointer(name),
      message: `${label}${field && `${field}.`}${name} is missing.`,
    };
  }
  return { code, pointer: at + instancePath, message: `${subject} ${requirement(error)}.` };
}

/** A list of tasks that is too short or too long has the planner's code. */
function listCode(place: string, { keyword }: ErrorObject): string | undefined {
  if (place !== '/tasks') return undefined;
  return keyword === 'minItems' ? 'NO_TASKS' : keyword === 'maxItems' ? 'TOO_MANY_TASKS' : undefined;
}

function requirement({ keyword, params, message }: ErrorObject): string {
  if (keyword === 'type') return `must be ${[params['type']].flat().join(' or ')}`;
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
  if (keyword === 'pattern') {
    if (params['pattern'] === TENANT_ID.source) {
      return 'must begin with a-z or 0-9 and may hold a-z, 0-9 and _ - only, 64 characters at most';
    }
    const code = params['pattern'] === ERROR_CODE;
    return code ? 'must be a code such as TASK_ERROR' : 'may hold A-Z, a-z, 0-9 and . _ - only';
  }
  return message ?? 'is not valid';
}
