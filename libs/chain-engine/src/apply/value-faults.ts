import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { pointer, requirementInWords } from '#libs/chain-domain';

/** So many faults say enough. */
const MOST = 20;

/** By the schema, so that the checks of one go with it. */
const checks = new WeakMap<object, ValidateFunction>();

/**
 * What is wrong with a value by a schema that a chain brought, which was checked with the chain. It is compiled once, for as long as
 * somebody holds the schema, and by its own instance of Ajv: a shared one would keep all that it compiled.
 */
export function valueFaults(schema: object, value: unknown): { readonly pointer: string; readonly message: string }[] {
  let check = checks.get(schema);
  if (check === undefined) checks.set(schema, (check = compiled(schema)));
  if (check(value)) return [];
  return check.errors!.slice(0, MOST).map((error) => {
    const missing = (error.params as { missingProperty?: string }).missingProperty;
    if (missing !== undefined) return { pointer: error.instancePath + pointer(missing), message: 'is required' };
    return { pointer: error.instancePath, message: requirementInWords(error) };
  });
}

function compiled(schema: object): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    verbose: true,
    ownProperties: true,
    validateSchema: false,
  });
  return ajv.compile(schema);
}
