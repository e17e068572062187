// `npm run docs:tasks`: writes the made parts of the task types' pages; a type without a page gets one of those parts alone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './steps.mjs';
import { taskPages, untranslated } from './task-pages.mjs';

const { taskTypes } = await import(pathToFileURL(join(ROOT, 'dist/libs/compute/src/index.js')).href);
for (const { path, text, made } of await taskPages(taskTypes)) {
  if (text === made) continue;
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), made);
  process.stdout.write(`${path}\n`);
}
for (const text of untranslated()) process.stdout.write(`docs/zh-CN/tasks/words.json lacks: ${JSON.stringify(text)}\n`);
