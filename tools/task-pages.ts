import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SITE_TYPES, sitesRunOn, taskRunners, taskTypes } from '#libs/compute';
import { fill } from './made-parts.js';
import { escaped, parameterTable, type Language, type ParameterSchema } from './parameter-table.js';
import { ROOT } from './steps.js';

/** What the pages take of a task type. */
interface DescribedType {
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly leaves: string;
  readonly needsParties?: boolean;
  readonly configSchema: ParameterSchema;
}

/** A page with its current text, undefined if it does not exist, and its text as it should be. */
export interface TaskPage {
  readonly path: string;
  readonly text: string | undefined;
  readonly made: string;
}

interface PageLanguage {
  readonly folder: string;
  readonly errors: string;
  readonly allWithParties: string;
  readonly words: (text: string) => string;
  readonly labels: {
    readonly leaves: string;
    readonly type: string;
    readonly does: string;
    readonly example: (link: string, name: string) => string;
    readonly errors: readonly string[];
    readonly semicolon: string;
    readonly moreErrors: (path: string) => string;
    readonly none: string;
  };
}

const TYPES: readonly DescribedType[] = taskTypes;
const LANGUAGES: Readonly<Record<Language, PageLanguage>> = {
  en: {
    folder: 'docs/tasks',
    errors: 'docs/errors.md',
    allWithParties: 'all with parties',
    words: (text) => text,
    labels: {
      leaves: 'What leaves each party',
      type: 'type',
      does: 'does',
      example: (link, name) => `From the chain [${name}](${link}); \`npm run demo -- --chain ${name}\` runs it.`,
      errors: ['code', 'again', 'what to do'],
      semicolon: '; ',
      moreErrors: (path) =>
        `Besides these, the failures [of every task](${path}#of-every-task) and [of files and tables](${path}#of-files-and-tables).`,
      none: 'The failures [of every task](PATH#of-every-task) alone.',
    },
  },
  zh: {
    folder: 'docs/zh-CN/tasks',
    errors: 'docs/zh-CN/errors.md',
    allWithParties: '所有有参与方的类型',
    words: inChinese,
    labels: {
      leaves: '离开各参与方的内容',
      type: '类型',
      does: '作用',
      example: (link, name) => `取自任务链 [${name}](${link})；运行：\`npm run demo -- --chain ${name}\`。`,
      errors: ['错误码', '重试', '怎么办'],
      semicolon: '；',
      moreErrors: (path) => `此外还有[所有任务](${path}#所有任务)和[文件与数据表](${path}#文件与数据表)的失败。`,
      none: '只有[所有任务](PATH#所有任务)的失败。',
    },
  },
};

const WORDS = 'apps/console/src/words/types-zh.json';
let chinese: Record<string, string> | undefined;
const missing = new Set<string>();
/** The Chinese for a text of the code, by the words that the console takes as well; `untranslated` has what is missing there. */
function inChinese(text: string): string {
  chinese ??= wordsFile();
  if (!Object.hasOwn(chinese, text)) missing.add(text);
  return chinese[text] ?? text;
}

/** Texts that apps/console/src/words/types-zh.json lacks, of the pages made so far. */
export const untranslated = (): string[] => [...missing];

/** Texts in apps/console/src/words/types-zh.json. */
export const translated = (): string[] => Object.keys(wordsFile());

function wordsFile(): Record<string, string> {
  return JSON.parse(readFileSync(join(ROOT, WORDS), 'utf8')) as Record<string, string>;
}

/**
 * The pages of the task types, docs/tasks/<type>.md and docs/zh-CN/tasks/<type>.md. Their made parts come from the types' schemas,
 * the examples and the tables of errors.
 */
export async function taskPages(): Promise<TaskPage[]> {
  const pages: TaskPage[] = [];
  for (const language of ['en', 'zh'] as const) {
    const { folder } = LANGUAGES[language];
    for (const type of [undefined, ...TYPES]) {
      const path = `${folder}/${type?.type ?? 'README'}.md`;
      const file = join(ROOT, path);
      const text = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
      const parts = type ? partsOf(type, language) : { types: typeList(language) };
      pages.push({ path, text, made: await fill(file, text ?? skeleton(parts), parts) });
    }
  }
  return [...pages, siteWords()];
}

/** What the page of a site says of a type in Chinese: no part of the console is at a site. */
function siteWords(): TaskPage {
  const path = 'apps/party-node/src/approvals-page/types-zh.json';
  const file = join(ROOT, path);
  const onEngines = (type: string) =>
    taskRunners
      .filter(({ name }) => sitesRunOn(type, name))
      .flatMap((runner) => runner.protocols(type).map((protocol) => runner.leaves(type, { protocol })!));
  const texts = TYPES.filter(({ type }) => SITE_TYPES.includes(type)).flatMap(({ type, title, leaves }) => [
    title,
    leaves,
    ...onEngines(type),
  ]);
  const made = `${JSON.stringify(Object.fromEntries(texts.map((text) => [text, inChinese(text)])), null, 2)}\n`;
  return { path, text: existsSync(file) ? readFileSync(file, 'utf8') : undefined, made };
}

/** `npm run docs:tasks`: writes the made parts. A type without a page gets one of those parts alone. */
export async function writeTaskPages(): Promise<void> {
  for (const { path, text, made } of await taskPages()) {
    if (text === made) continue;
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), made);
    process.stdout.write(`${path}\n`);
  }
  for (const text of untranslated()) process.stdout.write(`${WORDS} lacks: ${JSON.stringify(text)}\n`);
}

/** A page of nothing but its made parts, for a new type: the rest is to be written by hand. */
function skeleton(parts: Readonly<Record<string, string>>): string {
  return Object.keys(parts)
    .map((name) => `<!-- made:${name} -->\n<!-- /made -->\n`)
    .join('\n');
}

function partsOf(type: DescribedType, language: Language): Record<string, string> {
  const { folder, words, labels } = LANGUAGES[language];
  const example = exampleOf(type.type);
  const link = relative(join(ROOT, folder), join(ROOT, 'examples', `${example.name}.json`));
  return {
    head: `# \`${type.type}\`: ${words(type.title)}\n\n${words(type.description)}`,
    parameters: parameterTable(type, language, words),
    leaves: words(type.leaves),
    example: `${labels.example(link, example.name)}\n\n\`\`\`json\n${JSON.stringify(example.params, null, 2)}\n\`\`\``,
    errors: errorsOf(type, language),
  };
}

/** The parameters that the example of a type gives to it: examples/tasks/<type>.json, the last task of that type. */
function exampleOf(type: string): { name: string; params: unknown } {
  const name = `tasks/${type}`;
  const text = readFileSync(join(ROOT, 'examples', `${name}.json`), 'utf8');
  const chain = JSON.parse(text) as { tasks: { task_type: string; task_params: unknown }[] };
  const task = chain.tasks.findLast((each) => each.task_type === type);
  if (!task) throw new Error(`examples/${name}.json has no task of the type ${type}`);
  return { name, params: task.task_params };
}

function typeList(language: Language): string {
  const { words, labels } = LANGUAGES[language];
  const rows = TYPES.map(
    ({ type, title, leaves }) => `| [\`${type}\`](${type}.md) | ${escaped(words(title))} | ${escaped(words(leaves))} |`,
  );
  return [`| ${labels.type} | ${labels.does} | ${labels.leaves} |`, '| --- | --- | --- |', ...rows].join('\n');
}

/** The rows of a type out of the table of failures. */
function errorsOf(type: DescribedType, language: Language): string {
  const { folder, errors, allWithParties, labels } = LANGUAGES[language];
  const path = relative(join(ROOT, folder), join(ROOT, errors));
  const rows = failureRows(language).filter(
    ([, types = '']) => types.includes(`\`${type.type}\``) || (type.needsParties && types === allWithParties),
  );
  if (rows.length === 0) return labels.none.replace('PATH', path);
  const table = rows.map(([code, , again, when, todo]) => {
    const said = [when, todo].filter((text) => text !== '').join(labels.semicolon);
    return `| ${code} | ${again} | ${said} |`;
  });
  return [`| ${labels.errors.join(' | ')} |`, '| --- | --- | --- |', ...table, '', labels.moreErrors(path)].join('\n');
}

/** `[code, types, again, when, what to do]` of each row of the tables of failures that have a column of types. */
export function failureRows(language: Language): string[][] {
  const { errors, labels } = LANGUAGES[language];
  const lines = readFileSync(join(ROOT, errors), 'utf8').split('\n');
  const cells = (line: string) =>
    line
      .slice(1, -1)
      .split('|')
      .map((each) => each.trim());
  let columns: string[] = [];
  return lines.flatMap((line, at) => {
    if (!line.startsWith('|')) return [];
    if (!lines[at - 1]!.startsWith('|')) columns = cells(line);
    const isRow = columns[1] === labels.type && columns.length === 5 && cells(line)[0]!.startsWith('`');
    return isRow ? [cells(line)] : [];
  });
}

/** The codes of a page of errors, in order. */
export function codesOf(language: Language): string[] {
  const text = readFileSync(join(ROOT, LANGUAGES[language].errors), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `[A-Z]/.test(line));
  return rows.flatMap((line) => [...line.split('|')[1]!.matchAll(/`([A-Z_0-9]+)`/g)].map(([, code]) => code!));
}
