import { readFileSync } from 'node:fs';
import { filesBelow } from './files.js';
import { bin, quietly, Refusal } from './steps.js';

/** The packages that the system was ordered with. */
const CARD = [
  '@nestjs/core',
  '@nestjs/bullmq',
  'bullmq',
  '@nestjs/typeorm',
  'typeorm',
  'pg',
  'class-validator',
  '@nestjs/swagger',
  '@nestjs/terminus',
] as const;
const PRODUCT = ['apps', 'libs', 'launcher', 'migrations'];
const TEST = /\.spec\.ts$|-for-tests\.ts$|^libs\/testing\//;

/** How many files of the product import each package of the card. */
export function importsOfCard(files: readonly { readonly path: string; readonly text: string }[]): Map<string, number> {
  const product = files.filter(({ path }) => !TEST.test(path));
  const imports = ({ text }: { text: string }, name: string) =>
    text.includes(` from '${name}'`) || text.includes(` from '${name}/`) || text.includes(`import('${name}')`);
  return new Map(CARD.map((name) => [name, product.filter((file) => imports(file, name)).length]));
}

/** The number of files that use each package of the card, and of test files for Jest. Refuses packages that nothing uses. */
export async function checkCard(): Promise<string> {
  const paths = PRODUCT.flatMap((folder) => filesBelow(folder, (name) => name.endsWith('.ts')));
  const counts = importsOfCard(paths.map((path) => ({ path, text: readFileSync(path, 'utf8') })));
  const tests = (await quietly(process.execPath, [bin('jest'), '--listTests'], { stderr: false })).trim().split('\n');
  counts.set('jest', tests.length);
  const text = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  const unused = [...counts].filter(([, count]) => count === 0).map(([name]) => name);
  if (unused.length > 0) throw new Refusal(`${text}\nin no product file: ${unused.join(', ')}`);
  return text;
}
