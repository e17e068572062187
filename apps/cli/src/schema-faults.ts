import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { type InputFault, notKnownInWords, pointer, requirementInWords } from '#libs/chain-domain';

const MAX_FAULTS = 100;

/** Where a value does not fit a schema; `whole` is what messages call the value itself. */
export function faultsOf(check: ValidateFunction, value: unknown, whole: string): InputFault[] {
  if (check(value)) return [];
  const errors = check.errors!.filter(({ keyword }) => keyword !== 'propertyNames');
  return errors.slice(0, MAX_FAULTS).map((error) => faultOf(error, whole));
}

function faultOf(error: ErrorObject, whole: string): InputFault {
  const { keyword, instancePath, params, propertyName } = error;
  const name = (params['additionalProperty'] ?? params['missingProperty'] ?? propertyName) as string | undefined;
  const place = instancePath + (name === undefined ? '' : pointer(name));
  if (keyword === 'additionalProperties') {
    const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
    return { code: 'UNKNOWN_FIELD', pointer: place, message: `${name} ${notKnownInWords(known)}.` };
  }
  if (keyword === 'required') return { code: 'REQUIRED', pointer: place, message: `${name} is missing.` };
  const field = place.split('/').at(-1) || whole;
  return { code: CODES[keyword] ?? 'OUT_OF_RANGE', pointer: place, message: `${field} ${requirementInWords(error)}.` };
}

const CODES: Readonly<Record<string, string>> = {
  type: 'INVALID_TYPE',
  enum: 'INVALID_VALUE',
  pattern: 'INVALID_FORMAT',
};
