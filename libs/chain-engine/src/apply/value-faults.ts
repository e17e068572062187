import { Ajv2020 } from 'ajv/dist/2020.js';
import { pointer, requirementInWords } from '#libs/chain-domain';

/** So many faults say enough. */
const MOST = 20;

/**
 * What is wrong with a value by a schema that a chain brought, which was checked with the chain. Each schema gets its own instance of
 * Ajv, which the next collection of garbage takes: a shared one would keep all that it compiled.
 */
export function valueFaults(schema: object, value: unknown): { readonly pointer: string; readonly message: string }[] {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    verbose: true,
    ownProperties: true,
    validateSchema: false,
  });
  const check = ajv.compile(schema);
  if (check(value)) return [];
  return check.errors!.slice(0, MOST).map((error) => {
    const missing = (error.params as { missingProperty?: string }).missingProperty;
    if (missing !== undefined) return { pointer: error.instancePath + pointer(missing), message: 'is required' };
    return { pointer: error.instancePath, message: requirementInWords(error) };
  });
}
