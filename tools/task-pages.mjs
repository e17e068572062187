// Pages of the task types, docs/tasks/<type>.md and docs/zh-CN/tasks/<type>.md: what stands between the marks
// <!-- made:<part> --> and <!-- /made --> is made here from the types' schemas, the examples and the tables of errors.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fill } from './made-parts.mjs';
import { escaped, parameterTable } from './parameter-table.mjs';
import { ROOT } from './steps.mjs';

const LANGUAGES = {
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
      moreErrors: (path) => `此外还有[所有任务](${path}#所有任务)和[文件与数据表](${path}#文件与数据表)的失败。`,
      none: '只有[所有任务](PATH#所有任务)的失败。',
    },
  },
};

let chinese;
const missing = new Set();
/** The Chinese for a text of the code, by docs/zh-CN/tasks/words.json; what is missing there is told all at once. */
function inChinese(text) {
  chinese ??= JSON.parse(readFileSync(join(ROOT, LANGUAGES.zh.folder, 'words.json'), 'utf8'));
  if (!Object.hasOwn(chinese, text)) missing.add(text);
  return chinese[text] ?? text;
}

/** Texts that docs/zh-CN/tasks/words.json lacks, of the pages made so far. */
export const untranslated = () => [...missing];

/** Texts in docs/zh-CN/tasks/words.json. */
export const translated = () =>
  Object.keys(JSON.parse(readFileSync(join(ROOT, LANGUAGES.zh.folder, 'words.json'), 'utf8')));

/** Every page, with its text as it stands (undefined where there is none) and as it should be. */
export async function taskPages(taskTypes) {
  const pages = [];
  for (const [language, { folder }] of Object.entries(LANGUAGES)) {
    for (const type of [undefined, ...taskTypes]) {
      const path = `${folder}/${type?.type ?? 'README'}.md`;
      const file = join(ROOT, path);
      const text = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
      const parts = type ? partsOf(type, language) : { types: typeList(taskTypes, language) };
      pages.push({ path, text, made: await fill(file, text ?? skeleton(parts), parts) });
    }
  }
  return pages;
}

/** A page of nothing but its made parts, for a new type: the rest is to be written by hand. */
function skeleton(parts) {
  return Object.keys(parts)
    .map((name) => `<!-- made:${name} -->\n<!-- /made -->\n`)
    .join('\n');
}

function partsOf(type, language) {
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
function exampleOf(type) {
  const name = `tasks/${type}`;
  const chain = JSON.parse(readFileSync(join(ROOT, 'examples', `${name}.json`), 'utf8'));
  const task = chain.tasks.findLast((each) => each.task_type === type);
  if (!task) throw new Error(`examples/${name}.json has no task of the type ${type}`);
  return { name, params: task.task_params };
}

function typeList(taskTypes, language) {
  const { words, labels } = LANGUAGES[language];
  const rows = taskTypes.map(
    ({ type, title, leaves }) => `| [\`${type}\`](${type}.md) | ${escaped(words(title))} | ${escaped(words(leaves))} |`,
  );
  return [`| ${labels.type} | ${labels.does} | ${labels.leaves} |`, '| --- | --- | --- |', ...rows].join('\n');
}

/** The rows of a type out of the table of failures. */
function errorsOf(type, language) {
  const { folder, errors, allWithParties, labels } = LANGUAGES[language];
  const path = relative(join(ROOT, folder), join(ROOT, errors));
  const rows = failureRows(language).filter(
    ([, types]) => types.includes(`\`${type.type}\``) || (type.needsParties && types === allWithParties),
  );
  if (rows.length === 0) return labels.none.replace('PATH', path);
  const table = rows.map(([code, , again, todo]) => `| ${code} | ${again} | ${todo} |`);
  return [`| ${labels.errors.join(' | ')} |`, '| --- | --- | --- |', ...table, '', labels.moreErrors(path)].join('\n');
}

/** `[code, types, again, what to do]` of each row of the tables of failures that have a column of types. */
export function failureRows(language) {
  const { errors, labels } = LANGUAGES[language];
  const lines = readFileSync(join(ROOT, errors), 'utf8').split('\n');
  const cells = (line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((each) => each.trim());
  let columns = [];
  return lines.flatMap((line, at) => {
    if (!line.startsWith('|')) return [];
    if (!lines[at - 1].startsWith('|')) columns = cells(line);
    const isRow = columns[1] === labels.type && columns.length === 4 && cells(line)[0].startsWith('`');
    return isRow ? [cells(line)] : [];
  });
}

/** The codes of a page of errors, in order. */
export function codesOf(language) {
  const text = readFileSync(join(ROOT, LANGUAGES[language].errors), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `[A-Z]/.test(line));
  return rows.flatMap((line) => [...line.split('|')[1].matchAll(/`([A-Z_0-9]+)`/g)].map(([, code]) => code));
}
