/** A fault against a JSON Schema, as its validator reports it. */
export interface SchemaFault {
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

/** What a value of this type, or of one of these types, is called. */
export const typeInWords = (type: unknown): string =>
  [type]
    .flat()
    .map((each) => TYPES[String(each)] ?? String(each))
    .join(' or ');

/** The sentence "it must ..." of a fault, in words of users: `must have at most 2 parties`. `unit` names what an object has. */
export function requirementInWords({ keyword, params }: SchemaFault, unit = 'field'): string {
  const limit = params['limit'] as number;
  switch (keyword) {
    case 'type':
      return `must be ${typeInWords(params['type'])}`;
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${counted(limit, 'character')}`;
    case 'maxLength':
      return `must have at most ${counted(limit, 'character')}`;
    case 'minItems':
      return limit === 1 ? 'must not be empty' : `must have at least ${counted(limit, 'item')}`;
    case 'maxItems':
      return `must have at most ${counted(limit, 'item')}`;
    case 'minProperties':
      return `must have at least ${counted(limit, unit)}`;
    case 'maxProperties':
      return `must have at most ${counted(limit, unit)}`;
    case 'minimum':
      return `must be ${limit} or more`;
    case 'maximum':
      return `must be ${limit} or less`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'exclusiveMaximum':
      return `must be less than ${limit}`;
    case 'multipleOf':
      return `must be a multiple of ${String(params['multipleOf'])}`;
    case 'uniqueItems':
      return `must not hold the same item twice: items ${String(params['j'])} and ${String(params['i'])} are the same`;
    case 'dependentRequired':
      return `needs ${String(params['missingProperty'])} beside ${String(params['property'])}`;
    case 'pattern':
      return `must match ${String(params['pattern'])}`;
    default:
      return 'has none of the forms that it may have';
  }
}

/** What is said of a field that is not among these. */
export const notKnownInWords = (known: readonly string[]): string =>
  known.length === 0 ? 'is not a known field' : `is not a known field: there are ${known.join(', ')}`;

function counted(number: number, unit: string): string {
  if (number === 1) return `1 ${unit}`;
  return `${number} ${unit.endsWith('y') ? `${unit.slice(0, -1)}ies` : `${unit}s`}`;
}
