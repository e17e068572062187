import type { OpenAPIObject } from '@nestjs/swagger';
import { addExamples } from './document-examples.js';
import { PROBLEMS, toProblemDocument, Problem, type ProblemCode } from '../http/problem.js';

type Schema = Record<string, unknown>;
interface Operation {
  responses: Record<string, Response>;
  parameters?: readonly Parameter[];
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
}
interface Response {
  readonly description?: string;
  readonly content?: Record<string, object>;
}

/** Names of the answers that are the same wherever they come, by status. */
const SHARED: Readonly<Record<string, string>> = {
  400: 'BadRequest',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'BodyTooLarge',
  415: 'UnsupportedMediaType',
  422: 'IdempotencyKeyReused',
  429: 'TooManyRequests',
  500: 'Internal',
  503: 'Unavailable',
};

/** What a parameter is that many operations take. */
const MEANINGS: Readonly<Record<string, string>> = {
  chain_id: 'The chain.',
  task_id: 'The id of the task within the chain.',
  webhook_id: 'The webhook.',
  delivery_id: 'The id of the delivery.',
  key_id: 'The id of the key.',
  tenant_id: 'The tenant.',
  action: 'Only this action.',
  actor: 'Only changes by this caller.',
  dry_run: 'true: a dry run, which returns what would be done and does nothing.',
  'Last-Event-ID': 'Resumes a stream after this event.',
  limit: 'Maximum number of items.',
};

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait before the next request.', schema: { type: 'integer', minimum: 0 } },
};

/**
 * Mends what Nest's generator writes beside the truth: a 201 for a POST whose status it did not find, a path parameter
 * called `*` beside the named one, and `allOf` around a single reference, which OpenAPI 3.1 takes as it is. Errors are
 * said once each, in `components.responses`; every body gets an example; values of several types in one `enum`, which
 * generators refuse, are distinguished.
 */
export function tidyDocument(document: OpenAPIObject): OpenAPIObject {
  const shared: Record<string, Response> = {};
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations as Record<string, Operation>)) {
      const { responses, parameters } = operation;
      if ('201' in responses && ('200' in responses || '202' in responses)) delete responses['201'];
      for (const [status, response] of Object.entries(responses)) {
        if (response.content?.['application/problem+json'] === undefined) continue;
        const name = SHARED[status]!;
        shared[name] = problemResponse(Number(status), response);
        responses[status] = { $ref: `#/components/responses/${name}` } as Response;
      }
      if (parameters === undefined) continue;
      operation.parameters = parameters
        .filter(({ name, in: place }) => place !== 'path' || path.includes(`{${name}}`))
        .map((each) => ({ ...each, description: each.description ?? MEANINGS[each.name] }));
    }
  }
  closeBodies(document);
  document.components!.responses = Object.fromEntries(Object.entries(shared).sort()) as never;
  return addExamples(unwrap(document) as OpenAPIObject);
}

/**
 * A body with a field that is not known is refused: says so of each DTO of a body, and of those within it. Where Nest's
 * generator calls any JSON an object, and values of several types by one of them, the type goes.
 */
function closeBodies(document: OpenAPIObject): void {
  const schemas = document.components!.schemas as Record<string, Schema>;
  const close = (schema: Schema): void => {
    const { $ref, type, anyOf, enum: values, properties, additionalProperties, items } = schema;
    if (typeof $ref === 'string') close(schemas[$ref.split('/').at(-1)!]!);
    else if (properties === undefined) {
      if (
        type === 'object' ||
        anyOf !== undefined ||
        new Set((values as unknown[])?.map((each) => typeof each)).size > 1
      ) {
        delete schema['type'];
      }
      if (items !== undefined) close(items as Schema);
    } else if (additionalProperties === undefined) {
      schema['additionalProperties'] = false;
      Object.values(properties as Record<string, Schema>).forEach(close);
    }
  };
  for (const operations of Object.values(document.paths)) {
    for (const { requestBody } of Object.values(operations as Record<string, { requestBody?: RequestBody }>)) {
      for (const { schema } of Object.values(requestBody?.content ?? {})) close(schema);
    }
  }
}
interface RequestBody {
  readonly content: Record<string, { readonly schema: Schema }>;
}

/** With an example for each code that such an answer may have. */
function problemResponse(status: number, { description, content }: Response): Response {
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => PROBLEMS[code].status === status);
  const examples = codes.map((code) => [
    code,
    { value: toProblemDocument(new Problem(code, `${PROBLEMS[code].title}.`), '/api/v1/chains') },
  ]);
  const schema = content!['application/problem+json'];
  return {
    description,
    ...((status === 429 || status === 503) && { headers: RETRY_AFTER }),
    content: { 'application/problem+json': { ...schema, examples: Object.fromEntries(examples) } },
  };
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrap(member)])) as Schema;
  const { allOf, enum: values, ...rest } = members;
  if (Array.isArray(allOf) && allOf.length === 1) return { ...(allOf[0] as Schema), ...rest };
  const { oneOf, ...single } = members;
  // Any JSON is said to the generator as one schema without a word.
  if (Array.isArray(oneOf) && oneOf.length === 1) return { ...(oneOf[0] as Schema), ...single };
  const kinds = Array.isArray(values) ? [...new Set(values.map((each) => typeof each))] : [];
  if (kinds.length < 2) return members;
  const branch = (kind: string) => ({
    type: kind === 'number' ? 'integer' : kind,
    enum: (values as unknown[]).filter((each) => typeof each === kind),
  });
  return { ...rest, anyOf: kinds.map(branch) };
}
