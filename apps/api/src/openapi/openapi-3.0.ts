import type { OpenAPIObject } from '@nestjs/swagger';

type Node = Record<string, unknown>;

/** What is null and nothing else: said of its parent, as 3.0 has no such type. */
const NULL: Node = { nullable: true };
/** Members whose values are data, not parts of the document. */
const DATA = new Set(['example', 'examples', 'default', 'enum']);
const BOUNDS = [
  ['exclusiveMinimum', 'minimum'],
  ['exclusiveMaximum', 'maximum'],
] as const;

/**
 * The document as OpenAPI 3.0.3, for generators that do not know 3.1. What only JSON Schema 2020-12 can say is said in the
 * older words: `nullable` (with `allOf` around a reference, as generators take it), a boolean `exclusiveMinimum`, one
 * `example`, `anyOf` in place of several types; `dependentRequired` and `propertyNames` are left out.
 */
export function toOpenApi30(document: OpenAPIObject): OpenAPIObject {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Node>;

  /** `parent`: the key under which the value stands. */
  const older = (value: unknown, parent: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => older(each, ''));
    if (value === null || typeof value !== 'object') return value;
    // The keys of `properties` are the names of fields, whatever words they are.
    const names = parent === 'properties';
    const members = Object.entries(value as Node).map(([key, member]) => [
      key,
      !names && DATA.has(key) ? member : older(member, names ? '' : key),
    ]);
    const node = Object.fromEntries(members) as Node;
    return names ? node : olderSchema(node);
  };

  const olderSchema = (node: Node): Node => {
    const { $ref, const: only, type, anyOf, examples, ...old } = node;
    for (const unsayable of ['$schema', 'dependentRequired', 'propertyNames']) delete old[unsayable];
    if (only !== undefined) old['enum'] = [only];
    if (Array.isArray(examples)) old['example'] ??= examples[0] as unknown;
    else if (examples !== undefined) old['examples'] = examples;
    for (const [exclusive, inclusive] of BOUNDS) {
      if (typeof old[exclusive] !== 'number') continue;
      old[inclusive] = old[exclusive];
      old[exclusive] = true;
    }
    if (type !== undefined) {
      const types = [type].flat().filter((each) => each !== 'null') as string[];
      if (types.length === 0) return NULL;
      if ([type].flat().length > types.length) old['nullable'] = true;
      if (types.length === 1) old['type'] = types[0];
      else old['anyOf'] = types.map((each) => ({ type: each }));
    }
    if (Array.isArray(anyOf)) {
      const branches = (anyOf as Node[]).filter((branch) => branch !== NULL);
      const [first] = branches as [Node];
      old[branches.length === 1 ? 'allOf' : 'anyOf'] = branches;
      if (branches.length < anyOf.length) Object.assign(old, { nullable: true, type: typeOf(first) });
    }
    if ($ref === undefined) return old;
    return Object.keys(old).length === 0 ? { $ref } : { allOf: [{ $ref }], ...old };
  };

  const typeOf = ({ $ref, type }: Node): unknown =>
    typeof $ref === 'string' ? schemas[$ref.split('/').at(-1)!]!['type'] : type;

  return { ...(older(document, '') as OpenAPIObject), openapi: '3.0.3' };
}
