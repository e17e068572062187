import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import ts from 'typescript';
import { ROOT } from './steps.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const known = [...read('apps/console/src/words/reasons-zh.ts').matchAll(/^ +\[?\/(.+)\/(s?),/gm)];
const patterns = known.map(([, of, flags]) => new RegExp(of!, flags));

/** The texts of the functions that find reasons, with 7 for what stands in them; some are put together of others. */
const FINDERS = ['judgeUse', 'judgeDataset', 'misfitOf'];
const source = ts.createSourceFile('judge.ts', read('libs/consent/src/judge.ts'), ts.ScriptTarget.Latest);
const texts = source.statements
  .filter((each) => ts.isFunctionDeclaration(each) && FINDERS.includes(each.name?.text ?? ''))
  .flatMap((each) => textsIn(each))
  .filter((text) => text.split(' ').length > 3 && !/^(its approval covers|7: a rule that allows)/.test(text));
const MADE_OF_OTHERS = [
  'by SEMI2K on secretflow one party could compute all that another brings: a rule that allows it has bounds for /protocol in params',
  'by KKRT_PSI_2PC on native a party that breaks the protocol could test more keys than it has rows: a rule that allows it has bounds for /protocol in params',
  'its approval covers one run that opened something to others, and the task did so already',
  'its approval covers 3 runs that opened something to others, and the task did so already',
  'the chain states no purpose (metadata.purpose); allowed are research, care',
  'the purpose "sales" is not allowed (metadata.purpose); allowed are none',
];

it('finds the reasons in the code', () => expect(texts.length).toBeGreaterThan(15));

it.each([...texts, ...MADE_OF_OTHERS])('the console has Chinese words for "%s"', (said) => {
  expect(patterns.filter((pattern) => pattern.test(said)).length).toBeGreaterThan(0);
});

function textsIn(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `7${literal.text}`).join('')];
  const found: string[] = [];
  ts.forEachChild(node, (each) => void found.push(...textsIn(each)));
  return found;
}
