// `npm run docs:performance`: writes the figures of the newest run of the benchmark into its pages.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performancePages, untranslated } from './performance-page.mjs';
import { ROOT } from './steps.mjs';

for (const { path, text, made } of await performancePages()) {
  if (text === made) continue;
  writeFileSync(join(ROOT, path), made);
  process.stdout.write(`${path}\n`);
}
for (const text of untranslated())
  process.stdout.write(`docs/zh-CN/performance-words.json lacks: ${JSON.stringify(text)}\n`);
