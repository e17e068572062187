export type Language = 'en' | 'zh';

/** What is read here of a JSON Schema of parameters. */
export interface ParameterSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly ParameterSchema[];
  readonly oneOf?: readonly ParameterSchema[];
  readonly items?: ParameterSchema;
  readonly properties?: Readonly<Record<string, ParameterSchema>>;
  readonly additionalProperties?: boolean | ParameterSchema;
  readonly required?: readonly string[];
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly 'x-per-party'?: boolean;
}

interface Words {
  readonly head: readonly string[];
  readonly required: string;
  readonly none: string;
  readonly path: string;
  readonly string: string;
  readonly integer: string;
  readonly number: string;
  readonly boolean: string;
  readonly object: string;
  readonly any: string;
  readonly or: string;
  readonly listOf: (of: string) => string;
  readonly perParty: (of: string) => string;
  readonly mapOf: (of: string) => string;
  readonly from: (low: string | number) => string;
  readonly to: (high: string | number) => string;
  readonly between: (low: string | number, high: string | number) => string;
  readonly see: (type: string) => string;
  readonly step: (op: string) => string;
}

interface Tools {
  readonly words: Words;
  readonly translate: (text: string) => string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    head: ['parameter', 'type', 'default', 'meaning'],
    required: '**required**',
    none: '',
    path: '[path](README.md#paths)',
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: '`true` or `false`',
    object: 'object',
    any: 'any JSON',
    listOf: (of) => `list of ${of}`,
    perParty: (of) => `{party: ${of}}`,
    mapOf: (of) => `{name: ${of}}`,
    or: ' or ',
    from: (low) => `from ${low}`,
    to: (high) => `up to ${high}`,
    between: (low, high) => `${low} to ${high}`,
    see: (type) => ` (options: [\`${type}\`](${type}.md))`,
    step: (op) => `the step \`${op}\``,
  },
  zh: {
    head: ['参数', '类型', '默认值', '含义'],
    required: '**必填**',
    none: '',
    path: '[路径](README.md#路径)',
    string: '文本',
    integer: '整数',
    number: '数',
    boolean: '`true` 或 `false`',
    object: '对象',
    any: '任意 JSON',
    listOf: (of) => `${of}的列表`,
    perParty: (of) => `{参与方: ${of}}`,
    mapOf: (of) => `{名称: ${of}}`,
    or: ' 或 ',
    from: (low) => `不小于 ${low}`,
    to: (high) => `不大于 ${high}`,
    between: (low, high) => `${low} 到 ${high}`,
    see: (type) => `（选项见 [\`${type}\`](${type}.md)）`,
    step: (op) => `步骤 \`${op}\``,
  },
};

/**
 * A Markdown table of a task type's parameters: all of `task_config` but `task_type`. `translate` is given each description.
 */
export function parameterTable(
  type: { readonly configSchema: ParameterSchema },
  language: Language,
  translate: (text: string) => string,
): string {
  const words = WORDS[language];
  const properties = without(type.configSchema.properties ?? {}, 'task_type');
  const rows = rowsOf({ ...type.configSchema, properties }, '', { words, translate });
  const lines = rows.map((row) => `| ${row.map(escaped).join(' | ')} |`);
  return [`| ${words.head.join(' | ')} |`, '| --- | --- | --- | --- |', ...lines].join('\n');
}

function rowsOf(schema: ParameterSchema, prefix: string, tools: Tools): string[][] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const at = `${prefix}${name}`;
    const fallback = required.has(name)
      ? tools.words.required
      : property.default === undefined
        ? tools.words.none
        : `\`${JSON.stringify(property.default)}\``;
    const meaning = property.description === undefined ? '' : tools.translate(property.description);
    return [[`\`${at}\``, typeOf(property, tools.words), fallback, meaning], ...inner(property, at, tools)];
  });
}

/** Rows of what a parameter is made of. */
function inner(schema: ParameterSchema, at: string, tools: Tools): string[][] {
  if (schema.items?.oneOf) return schema.items.oneOf.flatMap((branch) => stepRows(branch, `${at}[]`, tools));
  if (schema.items?.properties) return rowsOf(schema.items, `${at}[].`, tools);
  const rows = rowsOf(schema, `${at}.`, tools);
  const each = schema.additionalProperties;
  if (typeof each === 'object' && each.properties) rows.push(...rowsOf(each, `${at}.<name>.`, tools));
  return rows;
}

/** One row for a step of a list; the page of the type of the same name describes its options. */
function stepRows(branch: ParameterSchema, at: string, { words, translate }: Tools): string[][] {
  const properties = branch.properties ?? {};
  const op = String(properties.op?.const);
  const options = without(properties, 'op', 'columns');
  const more = Object.keys(options).length > 0 || !op.endsWith('_columns') ? words.see(op) : '';
  return [[`\`${at}\``, words.step(op), '', `${translate(branch.description ?? '')}${more}`]];
}

const without = (object: Readonly<Record<string, ParameterSchema>>, ...keys: string[]) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

function typeOf(schema: ParameterSchema, words: Words): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(words.or);
  const types = [schema.type ?? []].flat();
  if (types.length === 0)
    return schema.anyOf ? schema.anyOf.map((each) => typeOf(each, words)).join(words.or) : words.any;
  return types.map((type) => oneType(schema, type, words)).join(words.or);
}

function oneType(schema: ParameterSchema, type: string, words: Words): string {
  switch (type) {
    case 'string':
      return schema.maxLength === 4096 || isPath(schema.additionalProperties) ? words.path : words.string;
    case 'integer':
    case 'number':
      return `${words[type]}${rangeOf(schema, words)}`;
    case 'array':
      return schema.items?.oneOf || !schema.items
        ? words.listOf(words.object)
        : words.listOf(typeOf(schema.items, words));
    case 'object':
      if (typeof schema.additionalProperties !== 'object') return words.object;
      return (schema['x-per-party'] || [schema.type].flat().length > 1 ? words.perParty : words.mapOf)(
        typeOf(schema.additionalProperties, words),
      );
    case 'boolean':
      return words.boolean;
    default:
      return type;
  }
}

function rangeOf(schema: ParameterSchema, words: Words): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : `>${exclusiveMinimum}`);
  const high = maximum ?? (exclusiveMaximum === undefined ? undefined : `<${exclusiveMaximum}`);
  if (low !== undefined && high !== undefined) return `, ${words.between(low, high)}`;
  if (low !== undefined) return `, ${words.from(low)}`;
  return high === undefined ? '' : `, ${words.to(high)}`;
}

const isPath = (schema: boolean | ParameterSchema | undefined) =>
  typeof schema === 'object' && schema.maxLength === 4096;

/** Text that stays text in a cell: no end of a cell or row, and no HTML element outside of code. */
export const escaped = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .replaceAll(/(`[^`]*`)|</g, (_, code: string | undefined) => code ?? '\\<');
