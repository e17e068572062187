import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** What a built file imports, and the files whose threads it starts. */
const IMPORTED = /(?:\bfrom|\bimport|\bURL)\s*\(?\s*['"]([^'"\n]+)['"]/g;

/** The specs that reach each built file through their imports. */
export class Reach {
  private readonly importers = new Map<string, string[]>();
  private readonly known = new Map<string, string[]>();

  /** `root`: a built project. */
  constructor(root: string) {
    const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.js')).map((name) => join('dist', name)))
      for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(IMPORTED)) {
        const imported = pathOf(file, name!);
        // What prepares tests is not what they test.
        if (imported !== undefined && !file.startsWith('dist/libs/testing/'))
          this.importers.set(imported, [...(this.importers.get(imported) ?? []), file]);
      }
  }

  /** The specs that reach a source file, those by the fewest steps first: of its lib or app, or of all where `far`. */
  specsOf(source: string, far = false): string[] {
    const file = builtOf(source);
    let specs = this.known.get(file);
    if (specs === undefined) this.known.set(file, (specs = this.find(file)));
    return far ? specs : specs.filter((spec) => spec.startsWith(homeOf(file)));
  }

  private find(file: string): string[] {
    const steps = new Map([[file, 0]]);
    for (const [reached, distance] of steps)
      for (const importer of this.importers.get(reached) ?? [])
        if (!steps.has(importer)) steps.set(importer, distance + 1);
    const rank = (spec: string): number => steps.get(spec)! + (spec.startsWith(homeOf(file)) ? 0 : 1_000);
    const specs = [...steps.keys()].filter((name) => name.endsWith('.spec.js'));
    return specs.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  }
}

/** The lib or app of a built file. */
function homeOf(file: string): string {
  return `${file.split('/').slice(0, 3).join('/')}/`;
}

/** Where the build puts a source file. */
export function builtOf(source: string): string {
  return join('dist', source.replace(/\.ts$/, '.js'));
}

/** The built file that an import means; undefined for a package. */
function pathOf(importer: string, name: string): string | undefined {
  if (name.startsWith('.')) return normalize(join(dirname(importer), name));
  if (name === '#client') return 'dist/clients/typescript/src/index.js';
  return name.startsWith('#libs/') ? `dist/libs/${relative('#libs', name)}/src/index.js` : undefined;
}
