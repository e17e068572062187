import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isObject, PARAM_MARKS, pointer, requirementInWords, VALUE_KEYWORDS } from '#libs/chain-domain';

/** So many faults say enough. */
const MOST = 20;

/** By the schema, so that a check goes with it. null: the schema must not be compiled. */
const checks = new WeakMap<object, ValidateFunction | null>();

type ValueFault = { readonly pointer: string; readonly message: string };

/**
 * What is wrong with a value by a schema that a chain brought, which was checked with the chain. It is compiled once, for as long as
 * somebody holds the schema, and by its own instance of Ajv: a shared one would keep all that it compiled. A schema that could not have
 * been brought is a fault: it might take for ever, or end the process.
 */
export function valueFaults(schema: object, value: unknown): ValueFault[] {
  let check = checks.get(schema);
  if (check === undefined) checks.set(schema, (check = isPlain(schema) ? compiled(schema) : null));
  if (check === null) return [{ pointer: '', message: 'is not checked: its schema has what no schema of a value has' }];
  if (check(value)) return [];
  return check.errors!.slice(0, MOST).map((error) => {
    const missing = (error.params as { missingProperty?: string }).missingProperty;
    if (missing !== undefined) return { pointer: error.instancePath + pointer(missing), message: 'is required' };
    return { pointer: error.instancePath, message: requirementInWords(error) };
  });
}

const KEYWORDS: ReadonlySet<string> = new Set([...VALUE_KEYWORDS, ...PARAM_MARKS]);

/** Whether a chain may bring it, as far as that keeps a check short. */
function isPlain(schema: unknown): boolean {
  if (typeof schema === 'boolean') return true;
  if (!isObject(schema) || !Object.keys(schema).every((keyword) => KEYWORDS.has(keyword))) return false;
  const { items = true, additionalProperties = true, properties = {} } = schema;
  return isObject(properties) && [items, additionalProperties, ...Object.values(properties)].every(isPlain);
}

function compiled(schema: object): ValidateFunction | null {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    verbose: true,
    ownProperties: true,
    validateSchema: false,
  });
  try {
    return ajv.compile(schema);
  } catch {
    return null;
  }
}
