import type { ValidateFunction } from 'ajv/dist/2020.js';
import { FaultList } from '#libs/chain-domain';
import { Problem } from './problem.js';
import { addSchemaFaults, compileSchema } from './schema-faults.js';

/** Reads a body by its JSON Schema; an absent one is read as `{}`. Tells all that is wrong with it at once, as BAD_REQUEST. */
export function bodyReader<T>(schema: object): (body: unknown) => T {
  const check: ValidateFunction = compileSchema(schema);
  return (body) => {
    const value = body ?? {};
    const faults = new FaultList();
    addSchemaFaults(check, value, faults);
    if (faults.empty) return value as T;
    const errors = faults.toArray();
    const detail = errors.length === 1 ? errors[0]!.message : `The body has ${errors.length} faults: see errors.`;
    throw new Problem('BAD_REQUEST', detail, { errors });
  };
}
