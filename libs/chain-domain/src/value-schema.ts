/**
 * The keywords of a schema that a chain brings for a value. Their checks take no longer than the value is large: there is no `pattern`, which could
 * take minutes over a text, no `uniqueItems`, which compares each with each, no `$ref`, and no `$async`.
 */
export const VALUE_KEYWORDS = [
  ...(['type', 'title', 'description', 'default', 'examples', 'enum', 'const', 'minimum', 'maximum'] as const),
  ...([
    'exclusiveMinimum',
    'exclusiveMaximum',
    'multipleOf',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
  ] as const),
  ...(['items', 'minProperties', 'maxProperties', 'properties', 'required', 'additionalProperties'] as const),
] as const;
/** Marks of the parameters of a chain. */
export const PARAM_MARKS = ['x-secret', 'x-dataset', 'x-artifact'] as const;
