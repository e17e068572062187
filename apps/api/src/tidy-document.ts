import type { OpenAPIObject } from '@nestjs/swagger';

type Schema = Record<string, unknown>;
interface Operation {
  responses: Record<string, unknown>;
  parameters?: readonly { readonly name: string; readonly in: string }[];
}

/**
 * Mends what Nest's generator writes beside the truth: a 201 for a POST whose status it did not find, a path parameter
 * called `*` beside the named one, and `allOf` around a single reference, which OpenAPI 3.1 takes as it is.
 */
export function tidyDocument(document: OpenAPIObject): OpenAPIObject {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations as Record<string, Operation>)) {
      const { responses, parameters } = operation;
      if ('201' in responses && ('200' in responses || '202' in responses)) delete responses['201'];
      if (parameters === undefined) continue;
      operation.parameters = parameters.filter(({ name, in: place }) => place !== 'path' || path.includes(`{${name}}`));
    }
  }
  return unwrap(document) as OpenAPIObject;
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrap(member)])) as Schema;
  const { allOf, ...rest } = members;
  return Array.isArray(allOf) && allOf.length === 1 ? { ...(allOf[0] as Schema), ...rest } : members;
}
