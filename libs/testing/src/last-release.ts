import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** The apps of the last release, built; or why they are missing, for `itUnless`. */
export type LastRelease = { readonly folder: string } | { readonly reason: string };

/**
 * Takes the sources of the commit in test/integration/last-release.txt out of git and makes JavaScript of them without looking
 * at types, which a release has passed. It lies below the project, so it runs with the packages of today.
 */
export async function buildLastRelease(): Promise<LastRelease> {
  const commit = readFileSync(join(ROOT, 'test/integration/last-release.txt'), 'utf8').trim();
  const folder = join(ROOT, '.cache', `release-${commit}`);
  if (existsSync(folder)) return { folder };
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const made = mkdtempSync(join(ROOT, '.cache', 'release-made-'));
  try {
    const parts = ['package.json', 'tsconfig.json', 'apps', 'libs', 'migrations'];
    const archive = execFileSync('git', ['archive', commit, ...parts], {
      cwd: ROOT,
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    execFileSync('tar', ['-x', '-C', made], { input: archive });
    await transpile(made);
    renameSync(made, folder);
    return { folder };
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another test file may have been faster.
    if (existsSync(folder)) return { folder };
    return { reason: `commit ${commit} of the last release is missing: ${String(error).split('\n')[0]}` };
  }
}

async function transpile(folder: string): Promise<void> {
  // Here and not above: few tests need the compiler, and all would wait for it.
  const { default: ts } = await import('typescript');
  const text = readFileSync(join(folder, 'tsconfig.json'), 'utf8');
  const { options } = ts.convertCompilerOptionsFromJson(JSON.parse(text).compilerOptions, folder);
  // A file by itself does not tell that it is a module, so it is said here.
  const esm = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  const compilerOptions = { ...options, ...esm, sourceMap: false, incremental: false };
  const wanted = /^(apps|libs|migrations)\/.*(?<!\.d|\.spec|-for-tests)\.ts$/;
  for (const path of readdirSync(folder, { recursive: true }).map(String)) {
    if (!wanted.test(path) || path.startsWith('libs/testing/')) continue;
    const source = readFileSync(join(folder, path), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: join(folder, path) });
    const file = join(folder, 'dist', path.replace(/ts$/, 'js'));
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, outputText);
  }
}
