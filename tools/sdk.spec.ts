import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow } from './files.js';
import { ROOT } from './steps.js';
import { CLIENT, generateClient } from './sdk.js';

const GENERATED = `${CLIENT}/src/generated`;

describe('the TypeScript client', () => {
  it('is what npm run sdk makes of openapi.json', async () => {
    const folder = mkdtempSync(join(ROOT, CLIENT, 'src', '.generated-'));
    try {
      await generateClient(folder);
      const contents = (path: string): Record<string, string> =>
        Object.fromEntries(
          filesBelow(path, () => true).map((file) => [relative(path, file), readFileSync(join(ROOT, file), 'utf8')]),
        );
      const made = contents(relative(ROOT, folder));
      expect(Object.keys(made).length).toBeGreaterThan(10);
      const committed = contents(GENERATED);
      const names = [...new Set([...Object.keys(made), ...Object.keys(committed)])];
      // Run npm run sdk and commit it where this fails.
      expect(names.filter((name) => made[name] !== committed[name])).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is built as ES modules and CommonJS, each with its types', () => {
    const folder = mkdtempSync(join(tmpdir(), 'task-chain-client-'));
    try {
      const installed = join(folder, 'node_modules', '@task-chain', 'client');
      mkdirSync(installed, { recursive: true });
      cpSync(join(ROOT, CLIENT, 'package.json'), join(installed, 'package.json'));
      const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
      for (const name of [...Object.keys(dependencies), '@types', 'undici-types'])
        symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
      run(folder, join(ROOT, CLIENT, 'build.mjs'), join(installed, 'dist'));
      const use = `const client: TaskChainClient = new TaskChainClient({ baseUrl: 'http://x' });
        const chains: Promise<ChainListDto> = client.listChains({ query: { sort: '-created_at' } });
        chains.catch((error) => { if (!(error instanceof ConnectionError)) throw error; console.log(error.name); });`;
      const names = `{ ConnectionError, TaskChainClient, type ChainListDto }`;
      writeFileSync(join(folder, 'esm.mts'), `import ${names} from '@task-chain/client';\n${use}`);
      writeFileSync(join(folder, 'cjs.cts'), `import ${names} from '@task-chain/client';\n${use}`);
      writeFileSync(join(folder, 'readme.mts'), codeOf(join(ROOT, CLIENT, 'README.md')));
      const strict = [
        '--strict',
        '--target',
        'es2022',
        '--module',
        'nodenext',
        '--lib',
        'es2023,dom',
        '--types',
        'node',
      ];
      run(
        folder,
        join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
        ...strict,
        'esm.mts',
        'cjs.cts',
        'readme.mts',
      );
      expect(readFileSync(join(folder, 'cjs.cjs'), 'utf8')).toContain('require("@task-chain/client")');
      for (const file of ['esm.mjs', 'cjs.cjs']) expect(run(folder, file)).toBe('ConnectionError\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const codeOf = (page: string): string =>
  [...readFileSync(page, 'utf8').matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code]) => code).join('');

/** What the program wrote; throws it where the program failed. */
function run(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
