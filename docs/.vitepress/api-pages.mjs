// The reference of the HTTP API: a page for each tag of openapi.json and one of all schemas, made as the site is built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './site-map.mjs';

const LABELS = {
  en: {
    schemas: 'Schemas',
    parameters: ['parameter', 'in', 'type', 'says'],
    fields: ['field', 'type', 'default', 'says'],
    answers: ['answer', 'body', 'says'],
    body: 'Body',
    open: 'Needs no key.',
    required: 'needed',
  },
  'zh-CN': {
    schemas: '数据结构',
    parameters: ['参数', '位置', '类型', '说明'],
    fields: ['字段', '类型', '默认值', '说明'],
    answers: ['应答', '正文', '说明'],
    body: '请求正文',
    open: '无需密钥。',
    required: '必填',
  },
};

const openapi = JSON.parse(readFileSync(join(ROOT, 'openapi.json'), 'utf8'));
const slug = (name) => name.replaceAll(' ', '-');

/** `[name of the page, its title]` of every page, in order. */
export const apiPages = (language) => [
  ...openapi.tags.map(({ name }) => [slug(name), name]),
  ['schemas', LABELS[language].schemas],
];

/** For the paths of VitePress: each page's name and Markdown. */
export function apiRoutes(language) {
  const labels = LABELS[language];
  const tags = openapi.tags.map((tag) => ({ params: { tag: slug(tag.name) }, content: tagPage(tag, labels) }));
  const pages = [...tags, { params: { tag: 'schemas' }, content: schemaPage(labels) }];
  const schemas = `${language === 'en' ? '' : `/${language}`}/api/schemas.html`;
  return pages.map(({ params, content }) => ({ params, content: content.replaceAll('(SCHEMAS#', `(${schemas}#`) }));
}

function tagPage({ name, description }, labels) {
  const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation.tags.includes(name) ? [operationText(method, path, operation, labels)] : [],
    ),
  );
  return [`# ${name}`, `${description}.`, ...operations].join('\n\n');
}

function operationText(method, path, operation, labels) {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const parameters = (operation.parameters ?? []).map((each) => [
    `\`${each.name}\``,
    each.in,
    typeOf(each.schema),
    meaning(each, labels, each.required),
  ]);
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const shared = response.$ref && openapi.components.responses[response.$ref.split('/').at(-1)];
    const { description, content = {} } = shared ?? response;
    const bodies = Object.entries(content).map(([media, { schema }]) => `${typeOf(schema)} \`${media}\``);
    return [status, bodies.join('; '), description];
  });
  return [
    `## ${operation.summary} {:#${operation.operationId}}`,
    `\`${method.toUpperCase()} ${path}\` · \`${operation.operationId}\`${operation.security?.length === 0 ? ` · ${labels.open}` : ''}`,
    operation.description ? safe(operation.description) : '',
    table(labels.parameters, parameters),
    body ? `${labels.body}: ${typeOf(body)}` : '',
    table(labels.answers, answers),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function schemaPage(labels) {
  const schemas = Object.entries(openapi.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = schemas.map(([name, schema]) => {
    const fields = Object.entries(schema.properties ?? {}).map(([field, each]) => [
      `\`${field}\``,
      typeOf(each),
      each.default === undefined ? '' : `\`${JSON.stringify(each.default)}\``,
      meaning({ ...each, schema: each }, labels, schema.required?.includes(field)),
    ]);
    const plain = fields.length === 0 ? typeOf(schema) : '';
    return [`## ${name} {:#${name}}`, safe(schema.description ?? ''), plain, table(labels.fields, fields)]
      .filter(Boolean)
      .join('\n\n');
  });
  return [`# ${labels.schemas}`, ...texts].join('\n\n');
}

/** What a field or parameter means, with its bounds and an example. */
function meaning({ description = '', schema, example = schema?.example }, labels, required) {
  const bounds = Object.entries(schema ?? {})
    .filter(([key]) => /^(min|max)|^(pattern|format)/.test(key))
    .map(([key, value]) => `${key} \`${value}\``);
  const shown = example === undefined ? '' : JSON.stringify(example);
  const parts = [required ? `**${labels.required}**.` : '', safe(description), bounds.join(', ')];
  return [...parts, shown && shown.length <= 120 ? `\`${shown.replaceAll('`', "'")}\`` : ''].filter(Boolean).join(' ');
}

function typeOf(schema = {}) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    return `[${name}](SCHEMAS#${name})`;
  }
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  const several = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (several) return several.map(typeOf).join(', ');
  if (schema.type === 'array') return `[] ${typeOf(schema.items)}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `{} ${typeOf(schema.additionalProperties)}`;
  return [schema.type ?? 'any'].flat().join(', ');
}

function table(head, rows) {
  if (rows.length === 0) return '';
  const line = (cells) =>
    `| ${cells.map((cell) => `${cell}`.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Descriptions are plain text with code marks: no HTML is in them. */
const safe = (text) => text.replaceAll(/<(?=[^`]*(?:`[^`]*`[^`]*)*$)/g, '&lt;');
