import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

test('listing the types and checking parameters loads no native module and no engine', () => {
  const index = new URL('./index.js', import.meta.url).href;
  const script = `
    const { checkTaskParams, taskTypes } = await import(${JSON.stringify(index)});
    for (const { type } of taskTypes) checkTaskParams(type, {});
    const native = process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'));
    console.log(JSON.stringify({ native, count: taskTypes.length > 0 }));
  `;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(out)).toEqual({ native: [], count: true });
});
