import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { notKnownInWords, requirementInWords } from '#libs/chain-domain';
import { ELSEWHERE, PER_PARTY } from './config-schema.js';
import { escape } from './json-values.js';
import type { JsonSchema, ParamFault, TaskType } from './task-type.js';

/**
 * Schemas are this code's own, so that only `requireValidSchema` compiles the schema of schemas, which takes longer than any other. Ajv's
 * optimizer takes half of the time of a compilation, and a worker compiles the schemas of all types when it starts.
 */
const ajv = new Ajv2020({
  ...{ allErrors: true, strict: false, verbose: true, discriminator: true, validateSchema: false },
  code: { optimize: false },
});
const validators = new WeakMap<JsonSchema, ValidateFunction>();

/** Throws for what is no schema. */
export function requireValidSchema(schema: JsonSchema): void {
  void ajv.validateSchema(schema, true);
  compileSchema(schema);
}

/** The compiled check of a schema, cached. Throws for one that does not compile. */
export function compileSchema(schema: JsonSchema): ValidateFunction {
  const made = validators.get(schema);
  if (made) return made;
  const validate = ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

/** The faults of a `task_config` against its type's schema, without values for which `isOpen` holds. */
export function schemaFaults(type: TaskType, config: unknown, isOpen: (value: unknown) => boolean): ParamFault[] {
  const validate = compileSchema(type.configSchema);
  if (validate(config)) return [];
  const errors = (validate.errors ?? []).filter((error) => !isOpen(error.data));
  const faults = errors
    .filter((error) => !['if', 'propertyNames'].includes(error.keyword))
    .map((error) => faultOf(error, '/task_config'));
  return [...new Map(faults.map((fault) => [`${fault.pointer} ${fault.message}`, fault])).values()];
}

/** The first fault of a file against its schema: its place and what is wrong there, as `/a/b must be a text`; undefined where it fits. */
export function fileFault(schema: JsonSchema, value: unknown): string | undefined {
  const validate = compileSchema(schema);
  if (validate(value)) return undefined;
  const { pointer, message } = faultOf(validate.errors![0]!, '');
  return `${pointer || 'it'} ${message}`;
}

function faultOf(error: ErrorObject, root: string): ParamFault {
  const at = `${root}${error.instancePath}`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { pointer: `${at}/${escape(String(params.missingProperty))}`, message: 'is required' };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params.additionalProperty ?? params.unevaluatedProperty);
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      return { pointer: `${at}/${escape(key)}`, message: notKnownInWords(known) };
    }
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ');
      const elsewhere = (error.parentSchema?.[ELSEWHERE] as Record<string, string> | undefined)?.[String(error.data)];
      const message = `must be one of ${allowed}`;
      if (!elsewhere) return { pointer: at, message };
      const why = `${JSON.stringify(error.data)} belongs to ${elsewhere}, and no engine runs it yet`;
      return { code: 'PROTOCOL_UNSUPPORTED', pointer: at, message: `${message}; ${why}` };
    }
    case 'const':
      return { pointer: at, message: `must be ${JSON.stringify(params.allowedValue)}` };
    case 'pattern':
      return error.propertyName === undefined
        ? { pointer: at, message: requirementInWords(error) }
        : {
            pointer: `${at}/${escape(error.propertyName)}`,
            message: 'is no name: letters, digits, "_" and "-", a letter first',
          };
    case 'discriminator': {
      const branches = (error.parentSchema?.oneOf ?? []) as { properties: Record<string, { const?: unknown }> }[];
      const tag = String(params.tag);
      const known = branches.map((branch) => JSON.stringify(branch.properties[tag]?.const)).join(', ');
      return { pointer: `${at}/${escape(tag)}`, message: `must be one of ${known}` };
    }
    default:
      return { pointer: at, message: requirementInWords(error, error.parentSchema?.[PER_PARTY] ? 'party' : 'field') };
  }
}
