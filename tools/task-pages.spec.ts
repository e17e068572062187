import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { taskRunners, taskTypes } from '#libs/compute';
import type { Language } from './parameter-table.js';
import { ROOT } from './steps.js';
import { codesOf, failureRows, taskPages, translated, untranslated } from './task-pages.js';

const pages = await taskPages();
const names = taskTypes.map(({ type }) => type);
const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(ending) && ![`README${ending}`, `measurements${ending}`].includes(name))
    .map((name) => name.slice(0, -ending.length));

/** What a reader looks for on every page, in each language. */
const HEADINGS = {
  'docs/tasks': ['Parameters', 'Result', 'What leaves each party', 'Threat model', 'Example', 'Errors'],
  'docs/zh-CN/tasks': ['参数', '结果', '离开各参与方的内容', '威胁模型', '示例', '错误'],
};

describe('the task types', () => {
  for (const { type, configSchema, load } of taskTypes) {
    it(`${type} has a processor and a schema, and no other type has its name`, async () => {
      expect(names.filter((each) => each === type)).toEqual([type]);
      expect(typeof (await load())).toBe('function');
      const ajv = new Ajv2020({ strict: false, discriminator: true });
      expect(ajv.validateSchema(configSchema)).toBe(true);
      expect(typeof ajv.compile(configSchema)).toBe('function');
    });
  }

  it('have an example each, and no example is of no type', () => {
    expect(filesOf('examples/tasks', '.json').sort()).toEqual([...names].sort());
  });

  for (const folder of Object.keys(HEADINGS)) {
    it(`have a page each in ${folder}, and no page is of no type`, () => {
      expect(filesOf(folder, '.md').sort()).toEqual([...names].sort());
    });
  }
});

describe('the pages of the task types', () => {
  for (const { path, text, made } of pages) {
    it(`${path} is what the code says: else run npm run docs:tasks`, () => expect(text).toBe(made));
  }

  for (const [folder, headings] of Object.entries(HEADINGS)) {
    for (const type of names) {
      it(`${folder}/${type}.md says everything, with its own words on the result and the threat model`, () => {
        const sections = readFileSync(join(ROOT, folder, `${type}.md`), 'utf8').split(/^## /m);
        expect(sections.slice(1).map((section) => section.split('\n')[0])).toEqual(headings);
        for (const at of [2, 4]) {
          const own = sections[at]!.split('\n')
            .slice(1)
            .join('')
            .replaceAll(/<!-- made[^]*?<!-- \/made -->/g, '');
          expect(own.trim().length).toBeGreaterThan(30);
        }
      });
    }
  }

  it('are in Chinese throughout: apps/console/src/words/types-zh.json has every text of the schemas', () => {
    expect(untranslated()).toEqual([]);
  });

  it('take every text of apps/console/src/words/types-zh.json', () => {
    expect(translated().filter((text) => !taskTexts().has(text) && !leavesByProtocol().includes(text))).toEqual([]);
  });

  it('have words for what leaves the parties by each protocol of an engine, as owners read it', () => {
    expect(leavesByProtocol().length).toBeGreaterThan(5);
    expect(leavesByProtocol().filter((text) => !translated().includes(text))).toEqual([]);
  });
});

describe('the pages of errors', () => {
  it('have the same codes in both languages', () => expect(codesOf('zh')).toEqual(codesOf('en')));

  it('name the same types for each code in both languages', () => {
    const typesOf = (language: Language): string[] =>
      failureRows(language).map(([codes, types]) => `${codes!.match(/`\w+`/g)} ${types!.match(/`\w+`/g)}`);
    expect(typesOf('zh')).toEqual(typesOf('en'));
  });
});

/** Every title, description and `leaves` of the types and their schemas. */
function taskTexts(): Set<string> {
  const texts = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      if (typeof each === 'string' && ['title', 'description', 'leaves'].includes(key)) texts.add(each);
      walk(each);
    }
  };
  walk(taskTypes);
  return texts;
}

/** What leaves the parties of each type, by the protocols that engines tell apart. */
function leavesByProtocol(): string[] {
  return taskRunners.flatMap((runner) =>
    names.flatMap((type) => runner.protocols(type).map((protocol) => runner.leaves(type, { protocol })!)),
  );
}
