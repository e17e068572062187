import type { OpenAPIObject } from '@nestjs/swagger';

type Schema = Readonly<Record<string, unknown>>;
interface Body {
  readonly content?: Record<string, { readonly schema?: Schema; example?: unknown; readonly examples?: unknown }>;
}

const A_TIME = '2026-01-31T12:00:00.000Z';
/** Of what is neither JSON nor described by a schema. */
const TEXTS: Readonly<Record<string, string>> = {
  'text/event-stream':
    'retry: 1000\n\nevent: end\nid: 7\ndata: {"chain_id":"chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11","status":"SUCCESS"}\n\n',
  'text/vnd.mermaid': 'flowchart TD\n  t0["prepare"]\n  t1["intersect"]\n  t0 --> t1\n',
  'text/vnd.graphviz': 'digraph chain {\n  "prepare" -> "intersect";\n}\n',
  'image/svg+xml': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"></svg>',
  'text/plain': 'taskchain_chains_created_total 3\n',
};

/** Gives each body without an example one that is put together from the examples of its fields. Throws where one lacks. */
export function addExamples(document: OpenAPIObject): OpenAPIObject {
  for (const operations of Object.values(document.paths)) {
    for (const { operationId, requestBody, responses } of Object.values(operations) as Operation[]) {
      for (const body of [requestBody, ...Object.values(responses)]) {
        for (const [type, media] of Object.entries(body?.content ?? {})) {
          if (media.example !== undefined || media.examples !== undefined || type === 'application/octet-stream')
            continue;
          media.example = TEXTS[type] ?? exampleOf(document, media.schema!, String(operationId));
        }
      }
    }
  }
  return document;
}
interface Operation {
  readonly operationId?: string;
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

/** A value that the schema takes: its example, else one made of its parts; optional fields only where they have one. */
function exampleOf(document: OpenAPIObject, schema: Schema, at: string): unknown {
  const { example, examples, enum: values, $ref, anyOf, oneOf, type, format, properties, required, items } = schema;
  if (example !== undefined) return example;
  if (Array.isArray(examples)) return examples[0];
  if (schema['default'] !== undefined) return schema['default'];
  if (Array.isArray(values)) return values[0];
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1)!;
    return exampleOf(document, document.components!.schemas![name] as Schema, name);
  }
  const types = [type ?? []].flat();
  const branches = (anyOf ?? oneOf) as readonly Schema[] | undefined;
  if (types.includes('null') || branches?.some((branch) => branch['type'] === 'null')) return null;
  if (branches !== undefined) return exampleOf(document, branches[0]!, at);
  switch (types[0]) {
    case 'object': {
      const needed = (required ?? []) as readonly string[];
      const fields = Object.entries((properties ?? {}) as Record<string, Schema>);
      return Object.fromEntries(
        fields
          .filter(([name]) => needed.includes(name))
          .map(([name, field]) => [name, exampleOf(document, field, `${at}.${name}`)]),
      );
    }
    case 'array':
      return [exampleOf(document, items as Schema, `${at}[]`)];
    case 'boolean':
      return false;
    case 'integer':
      return schema['minimum'] ?? 0;
    case 'string':
      if (format === 'date-time') return A_TIME;
      break;
    default:
  }
  throw new Error(`${at} has no example`);
}
