import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin, Rollup } from 'vite';

const NAME = 'licences.txt';
/** Shipped as published: its licence asks that whoever gets it learns where its source is. */
const ELK = 'elkjs';
const SOURCE_OF_ELK = `The file elk-worker.min-*.js beside this one is that of elkjs, unchanged. It is available under the Eclipse Public License 2.0.
Its source is at https://github.com/kieler/elkjs and https://github.com/eclipse-elk/elk, at the tag of this version.`;

/** Packages in the files of workers, which are built by themselves. */
const inWorkers = new Set<string>();

/** For the build of workers. */
export const licencesOfWorkers: Plugin = {
  name: 'licences-of-workers',
  generateBundle: (_options, bundle) => addNames(bundle, inWorkers),
};

/** Writes the licences of all packages in the build into a file beside it, and names that file in the page. */
export const licences = (root: string): Plugin => ({
  name: 'licences',
  generateBundle(_options, bundle) {
    const names = new Set([ELK, ...inWorkers]);
    addNames(bundle, names);
    const source = [...names].sort().map((name) => licenceOf(root, name));
    this.emitFile({ type: 'asset', name: NAME, source: source.join(`\n\n${'-'.repeat(80)}\n\n`) });
  },
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle }) => {
      const file = Object.values(bundle ?? {}).find((part) => part.type === 'asset' && part.names.includes(NAME));
      if (file === undefined) return [];
      return [{ tag: 'link', attrs: { rel: 'license', href: `/${file.fileName}` }, injectTo: 'head' }];
    },
  },
});

function addNames(bundle: Rollup.OutputBundle, names: Set<string>): void {
  for (const part of Object.values(bundle)) {
    for (const id of part.type === 'chunk' ? part.moduleIds : []) {
      const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
}

function licenceOf(root: string, name: string): string {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const parts = [`${name} ${version}: ${license}`, ...(name === ELK ? [SOURCE_OF_ELK] : [])];
  return [...parts, ...texts.map((file) => readFileSync(join(folder, file), 'utf8').trim())].join('\n\n');
}
