import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { withConnection } from '#libs/local-postgres';
import { createTestDatabase, itUnless } from '#libs/testing';
import { startSystem, type RunningSystem } from '../running-system.js';
import { blocksOf, isChinese, pagesBelow, ROOT, type Block } from './blocks.js';
import { runPage, type PageRun } from './page-shell.js';

const blocks = pagesBelow()
  .filter((page) => !isChinese(page))
  .flatMap(blocksOf);
const ofLanguage = (...languages: string[]) =>
  blocks.filter((block) => languages.includes(block.language) && !block.unchecked);
const pagesWith = (wanted: readonly Block[]) => [...new Set(wanted.map(({ page }) => page))];
const at = ({ page, line }: Block) => `${page}:${line}`;

const commands = ofLanguage('sh');
const json = ofLanguage('json');
const typescript = ofLanguage('ts');
const python = ofLanguage('py');
const yaml = ofLanguage('yaml');
const sql = ofLanguage('sql');
/** Drawn as the site is built (tools/docs-site.spec.mjs). */
const pictures = ofLanguage('mermaid');
/** What commands write, and formulas: nothing to run. */
const texts = ofLanguage('text');
const unchecked = blocks.filter((block) => block.unchecked);

/** Answers that a command on a page may get: done, or refused for the state of the chain, which pages do not prepare. */
const FINE = /^(2\d\d|304|409|412) /;

/** Every block of code of every page, in the system as `npm start` runs it. The Chinese pages have the same blocks. */
describe('the code on the pages', () => {
  let system: RunningSystem;
  const runs = new Map<string, PageRun>();

  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.stop());

  it(`is run (${commands.length} blocks of commands), checked (${json.length} of JSON, ${typescript.length} of TypeScript, \
${python.length} of Python, ${yaml.length} of YAML, ${sql.length} of SQL), drawn (${pictures.length}), text (${texts.length}) or marked with a reason (${unchecked.length})`, () => {
    const known = new Set([commands, json, typescript, python, yaml, sql, pictures, texts, unchecked].flat());
    expect(blocks.filter((block) => !known.has(block)).map((block) => `${at(block)}: ${block.language}`)).toEqual([]);
  });

  for (const page of pagesWith(commands)) {
    it(`${page}: its commands do what they are for`, async () => {
      const wanted = blocks.filter(
        (block) => block.page === page && (commands.includes(block) || block.file) && !block.unchecked,
      );
      const run = await runPage(wanted, system);
      runs.set(page, run);
      expect(run.requests.filter((request) => !FINE.test(request))).toEqual([]);
    });
  }

  for (const block of json) {
    it(`${at(block)}: is JSON, a chain that the API takes, or what the commands before it are answered`, async () => {
      const value = JSON.parse(block.code) as Record<string, unknown>;
      if (Array.isArray(value.tasks)) expect(await faultsOf(value, system)).toEqual([]);
      const before = blocks[blocks.indexOf(block) - 1];
      const answers = before && before.page === block.page && before.section === block.section && !block.file;
      const answer = answers && commands.includes(before) && outputOf(before);
      if (answer) expect(shape(JSON.parse(answer))).toMatchObject(shape(value) as object);
    });
  }

  for (const block of yaml) {
    it(`${at(block)}: is YAML`, () => {
      expect(parseAllDocuments(block.code).flatMap(({ errors }) => errors)).toEqual([]);
    });
  }

  for (const block of sql) {
    it(`${at(block)}: is taken by PostgreSQL`, async () => {
      const database = await createTestDatabase();
      try {
        await withConnection(database.url, (client) => client.query(`BEGIN; ${block.code}; ROLLBACK`));
      } finally {
        await database.drop();
      }
    });
  }

  it('is TypeScript without faults', () => expect(faultsOfTypescript(typescript)).toEqual([]));

  itUnless(python.length > 0 && !hasPython() && 'python3 is not installed', 'is Python', () => {
    for (const block of python)
      execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: block.code });
  });

  function outputOf(block: Block): string {
    return runs.get(block.page)?.outputs.get(block.line)?.trim() ?? '';
  }
});

/** What the API finds wrong with a chain. */
async function faultsOf(chain: unknown, { api }: RunningSystem): Promise<unknown> {
  const headers = { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' };
  const response = await fetch(`${api.url}/chains/validate`, { method: 'POST', headers, body: JSON.stringify(chain) });
  const answer = (await response.json()) as { errors?: { code: string }[] };
  // The server of this test has the datasets that commands register; a page may name others.
  return response.ok ? (answer.errors ?? []).filter(({ code }) => code !== 'DATASET_UNKNOWN') : answer;
}

/** A value with the kinds of its parts in their place; a list by its first entry. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shape(part)]));
}

/** The blocks of a page are one module. */
function faultsOfTypescript(wanted: readonly Block[]): string[] {
  const folder = mkdtempSync(join(ROOT, 'dist', 'pages-'));
  try {
    const files = pagesWith(wanted).map((page, index) => {
      const code = wanted.filter((block) => block.page === page).map((block) => `// ${at(block)}\n${block.code}`);
      const name = join(folder, `page-${index}.ts`);
      writeFileSync(name, `${code.join('')}export {};\n`);
      return name;
    });
    const options: ts.CompilerOptions = {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      types: ['node'],
      noUncheckedIndexedAccess: true,
      paths: { '@task-chain/client': [join(ROOT, 'clients/typescript/src/index.ts')] },
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
    return diagnostics.map(({ file, start, messageText }) => {
      const block = file?.text
        .slice(0, start)
        .match(/(?<=^\/\/ )\S+:\d+$/gm)
        ?.at(-1);
      return `${block ?? file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
