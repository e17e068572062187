import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { builtOf } from './reach.js';

/**
 * A copy of the built project in which one file at a time is another: threads and child processes of a test run it as well. All
 * but `dist` are links.
 */
export class Tree {
  readonly path: string;

  constructor(name: string) {
    this.path = resolve('.cache', 'mutants', name);
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path, { recursive: true });
    // Without bundles: apps and parties start from the built files, in which the mutants are.
    const filter = (path: string): boolean => !/^dist\/(apps\/[^/]+\/main\.mjs|libs\/compute\/parties)$/.test(path);
    cpSync('dist', join(this.path, 'dist'), { recursive: true, filter });
    for (const entry of readdirSync('.'))
      if (entry !== 'dist' && entry !== '.cache') symlinkSync(resolve(entry), join(this.path, entry));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Puts a built file in the place of that of a source file. Returns how to take it back. */
  put(source: string, built: string): () => void {
    const path = join(this.path, builtOf(source));
    const earlier = readFileSync(path, 'utf8');
    writeFileSync(path, built);
    return () => writeFileSync(path, earlier);
  }
}

const options = settings();

function settings(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => readFileSync(path, 'utf8'));
  return ts.parseJsonConfigFileContent(config, ts.sys, '.').options;
}

/** A source file as the build makes it; undefined where it does not parse. */
export function compiled(text: string): string | undefined {
  const { outputText, diagnostics } = ts.transpileModule(text, {
    // A module alone does not show that its package is one of ES modules.
    compilerOptions: { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    reportDiagnostics: true,
  });
  return (diagnostics?.length ?? 0) > 0 ? undefined : outputText;
}

/** What the compiler has read so far, without a mutant. */
const read = new Map<string, ts.SourceFile | undefined>();
let earlier: ts.Program | undefined;

/** Whether the compiler refuses the source file with this text. */
export function refused(source: string, text: string): boolean {
  const path = resolve(source);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) => {
    if (resolve(name) === path) return ts.createSourceFile(name, text, rest[0]);
    if (!read.has(name)) read.set(name, getSourceFile(name, ...rest));
    return read.get(name);
  };
  const changed = ts.createProgram([path], { ...options, incremental: false, noEmit: true }, host, earlier);
  earlier = changed;
  const faults = changed.getSemanticDiagnostics(changed.getSourceFile(path));
  return faults.length > 0;
}
