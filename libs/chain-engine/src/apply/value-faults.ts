import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isObject, PARAM_MARKS, pointer, requirementInWords, VALUE_KEYWORDS } from '#libs/chain-domain';

/** So many faults say enough. */
const MOST = 20;

/** By the schema, so that a check goes with it. null: the schema must not be compiled. */
const checks = new WeakMap<object, Check>();
type Check = ValidateFunction | null;

/** By the text of schemas that came last, the oldest first: a turn of a loop reads its schema anew, and compiling takes 1.3 ms. */
const lately = new Map<string, Check>();
const MOST_LATELY = 100;
/** Longer schemas are not kept. */
const MOST_TEXT = 4_096;

type ValueFault = { readonly pointer: string; readonly message: string };

/**
 * What is wrong with a value by a schema that a chain brought, which was checked with the chain. It is compiled once, for as long as
 * somebody holds the schema or it came lately, and by its own instance of Ajv: a shared one would keep all that it compiled. A schema that could not have
 * been brought is a fault: it might take for ever, or end the process.
 */
export function valueFaults(schema: object, value: unknown): ValueFault[] {
  let check = checks.get(schema);
  if (check === undefined) checks.set(schema, (check = checkOf(schema)));
  if (check === null) return [{ pointer: '', message: 'is not checked: its schema has what no schema of a value has' }];
  if (check(value)) return [];
  return check.errors!.slice(0, MOST).map((error) => {
    const missing = (error.params as { missingProperty?: string }).missingProperty;
    if (missing !== undefined) return { pointer: error.instancePath + pointer(missing), message: 'is required' };
    return { pointer: error.instancePath, message: requirementInWords(error) };
  });
}

function checkOf(schema: object): Check {
  const text = JSON.stringify(schema);
  if (text.length > MOST_TEXT) return isPlain(schema) ? compiled(schema) : null;
  let check = lately.get(text);
  if (check === undefined) check = isPlain(schema) ? compiled(schema) : null;
  lately.delete(text);
  lately.set(text, check);
  if (lately.size > MOST_LATELY) lately.delete(lately.keys().next().value!);
  return check;
}

const KEYWORDS: ReadonlySet<string> = new Set([...VALUE_KEYWORDS, ...PARAM_MARKS]);

/** Whether a chain may bring it, as far as that keeps a check short. */
function isPlain(schema: unknown): boolean {
  if (typeof schema === 'boolean') return true;
  if (!isObject(schema) || !Object.keys(schema).every((keyword) => KEYWORDS.has(keyword))) return false;
  const { items = true, additionalProperties = true, properties = {} } = schema;
  return isObject(properties) && [items, additionalProperties, ...Object.values(properties)].every(isPlain);
}

function compiled(schema: object): Check {
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
