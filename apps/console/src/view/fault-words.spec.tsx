/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import i18next from 'i18next';
import '../i18n.js';
import { faultIn, useFaultWords } from './fault-words.js';

function Said({ code, message }: { code: string; message: string }) {
  return <p>{useFaultWords()({ code, message })}</p>;
}
async function say(language: string, code: string, message: string): Promise<void> {
  await i18next.changeLanguage(language);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Said code={code} message={message} />
    </QueryClientProvider>,
  );
}
afterEach(cleanup);

test.each([
  ['Task "a": /task_config/rows must be 1 or more.', '须不小于 1'],
  ['Task "a": /task_config/keys is required.', '必填'],
  ['task_name must have at most 200 characters.', '至多可有 200 个字符'],
  ['/task_config/x must be a text or a list.', '须为文本或列表'],
  ['/task_config/x must be true or false.', '须为 true 或 false'],
  ['/task_config/x must be one of "a", "b".', '须为以下之一："a", "b"'],
  ['Task "is required": x is not a known field: there are rows, keys.', '不是已知的字段；可用的有：rows, keys'],
  ['must be "x"', '须为 "x"'],
])('in Chinese %j is %j', async (message, said) => {
  await say('zh', 'INVALID_PARAMS', message);
  await screen.findByText(said);
});

test('of another sentence it is said what to do, and what the API says', async () => {
  await say('zh', 'MALFORMED_REFERENCE', '"${x}" is no reference.');
  await screen.findByText(/写成 .*"\$\{x\}" is no reference\.$/);
});

test('in English the API has the word', async () => {
  await say('en', 'INVALID_PARAMS', '/task_config/rows must be 1 or more.');
  await screen.findByText('/task_config/rows must be 1 or more.');
});

test('a fault is of the part that its pointer leads to, and of no other one whose name begins so', () => {
  const faults = [{ code: 'X', pointer: '/outputs/output-10', message: 'no reference' }];
  const said = (part: string) => faultIn(faults, ({ message }) => message, part);
  expect(said('/outputs/output-1')).toBeUndefined();
  expect(['/outputs/output-10', '/outputs'].map(said)).toEqual(['no reference', 'no reference']);
});
