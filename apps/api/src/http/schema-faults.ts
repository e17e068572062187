import {
  type FaultList,
  type InputFault,
  isObject,
  notKnownInWords,
  pointer,
  quoted,
  requirementInWords,
} from '#libs/chain-domain';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { PATTERN_RULES } from './patterns.js';

/** More fields than this are not worth a fault each. */
export const MAX_FIELDS = 100;

// Without Ajv's optimizer a start takes less, and a body of 10,000 tasks no more.
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, verbose: true, code: { optimize: false } });

/** What the server gives a chain: seen in an answer and sent back by mistake. */
export const SERVER_FIELDS = new Set(['chain_id', 'chain_type', 'created_by', 'created_at', 'status']);
const CODES: Readonly<Record<string, string>> = {
  type: 'INVALID_TYPE',
  additionalProperties: 'UNKNOWN_FIELD',
  required: 'REQUIRED',
  enum: 'INVALID_VALUE',
  pattern: 'INVALID_FORMAT',
};

/** A check of a body, or of a part of one, by its schema. */
export const compileSchema = (schema: object): ValidateFunction => ajv.compile(schema);

/**
 * Adds the faults that a check finds in the value at the pointer `at`. `label` begins each message. Stops where the list
 * of faults is full.
 */
export function addSchemaFaults(check: ValidateFunction, value: unknown, faults: FaultList, at = '', label = ''): void {
  if (isObject(value) && Object.keys(value).length > MAX_FIELDS) {
    faults.add({ code: 'UNKNOWN_FIELD', pointer: at, message: `${label}It has more than ${MAX_FIELDS} fields.` });
  } else if (!check(value)) {
    for (const error of check.errors!) {
      // It says only that there is another fault, in the name of a field.
      if (error.keyword === 'propertyNames') continue;
      faults.add(faultOf(error, at, label));
      if (faults.full) break;
    }
    check.errors = null;
  }
}

function faultOf(error: ErrorObject, at: string, label: string): InputFault {
  const { keyword, params, parentSchema, propertyName } = error;
  const instancePath = error.instancePath + (propertyName === undefined ? '' : pointer(propertyName));
  const field = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  const code = CODES[keyword] ?? listCode(at + instancePath, error) ?? 'OUT_OF_RANGE';
  const subject = `${label}${field || (at ? 'it' : 'the body')}`;
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    const why =
      at === '' && field === '' && SERVER_FIELDS.has(name)
        ? 'is given by the server: leave it out'
        : notKnownInWords(Object.keys((parentSchema as { properties?: object }).properties ?? {}));
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

function requirement(error: ErrorObject): string {
  if (error.keyword !== 'pattern') return requirementInWords(error);
  return PATTERN_RULES[String(error.params['pattern'])] ?? 'may hold A-Z, a-z, 0-9 and . _ - only';
}
