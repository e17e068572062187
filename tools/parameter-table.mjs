// A JSON Schema of a task type's parameters as a Markdown table.

const WORDS = {
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

/** All parameters of `task_config` but `task_type`; `translate` is given each description. */
export function parameterTable(type, language, translate) {
  const words = WORDS[language];
  const properties = without(type.configSchema.properties, 'task_type');
  const rows = rowsOf({ ...type.configSchema, properties }, '', { words, translate });
  const lines = rows.map((row) => `| ${row.map(escaped).join(' | ')} |`);
  return [`| ${words.head.join(' | ')} |`, '| --- | --- | --- | --- |', ...lines].join('\n');
}

function rowsOf(schema, prefix, tools) {
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
function inner(schema, at, tools) {
  if (schema.items?.oneOf) return schema.items.oneOf.flatMap((branch) => stepRows(branch, `${at}[]`, tools));
  if (schema.items?.properties) return rowsOf(schema.items, `${at}[].`, tools);
  const rows = rowsOf(schema, `${at}.`, tools);
  const each = schema.additionalProperties;
  if (each?.properties) rows.push(...rowsOf(each, `${at}.<name>.`, tools));
  return rows;
}

/** One row for a step of a list; its options are told on the page of the type of the same name. */
function stepRows(branch, at, { words, translate }) {
  const { op } = branch.properties;
  const options = without(branch.properties, 'op', 'columns');
  const more = Object.keys(options).length > 0 || !op.const.endsWith('_columns') ? words.see(op.const) : '';
  const meaning = translate(branch.description);
  return [[`\`${at}\``, words.step(op.const), '', `${meaning}${more}`]];
}

const without = (object, ...keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

function typeOf(schema, words) {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(words.or);
  const types = [schema.type ?? []].flat();
  if (types.length === 0)
    return schema.anyOf ? schema.anyOf.map((each) => typeOf(each, words)).join(words.or) : words.any;
  return types.map((type) => oneType(schema, type, words)).join(words.or);
}

function oneType(schema, type, words) {
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
    default:
      return words[type] ?? type;
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }, words) {
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : `>${exclusiveMinimum}`);
  const high = maximum ?? (exclusiveMaximum === undefined ? undefined : `<${exclusiveMaximum}`);
  if (low !== undefined && high !== undefined) return `, ${words.between(low, high)}`;
  if (low !== undefined) return `, ${words.from(low)}`;
  return high === undefined ? '' : `, ${words.to(high)}`;
}

const isPath = (schema) => typeof schema === 'object' && schema.maxLength === 4096;

/** Text that stays text in a cell: no end of a cell or row, and no HTML element outside of code. */
export const escaped = (text) =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .replaceAll(/(`[^`]*`)|</g, (_, code) => code ?? '\\<');
