// Which files of the project are pages of the site, and where: the site is built from the files themselves.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A file's path in the project, and the page's in the site; the first that fits counts. What fits none is no page. */
const RULES = [
  [/^docs\/(.+)$/, '$1'],
  [/^README\.md$/, 'overview.md'],
  [/^README\.zh-CN\.md$/, 'zh-CN/overview.md'],
  [/^SECURITY\.zh-CN\.md$/, 'zh-CN/security.md'],
  [/^(SECURITY|ARCHITECTURE|CONTRIBUTING|CHANGELOG)\.md$/, '$1.md'],
  [/^examples\/README\.zh-CN\.md$/, 'zh-CN/examples/README.md'],
  [/^examples\/README\.md$/, 'examples/README.md'],
  [/^examples\/([^/]+)\/README\.zh-CN\.md$/, 'zh-CN/examples/$1.md'],
  [/^examples\/([^/]+)\/README\.md$/, 'examples/$1.md'],
  [/^clients\/([^/]+)\/README\.md$/, 'clients/$1.md'],
  [/^bench\/results\/(\d{4}-\d\d-\d\d)\.md$/, 'results/$1.md'],
];

/** The folders that hold pages. */
export const FOLDERS = ['docs', 'examples', 'clients', 'bench/results'];

/** Every Markdown file that could be a page, as a path in the project. */
export const markdownFiles = ['', ...FOLDERS].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: folder !== '' })
    .filter((name) => /^[^[]+\.md$/.test(name) && !name.includes('node_modules'))
    .map((name) => posix.join(folder, name)),
);

/** The page that a file becomes, as `tasks/psi.md`; undefined for one that is no page. */
export function pageOf(file) {
  const rule = RULES.find(([pattern]) => pattern.test(file));
  if (!rule) return undefined;
  const page = file.replace(...rule).replace(/(^|\/)README\.md$/, '$1index.md');
  return /^[A-Z]+\.md$/.test(page) ? page.toLowerCase() : page;
}

/** The title of a page: its first heading, without code marks. */
export function titleOf(file) {
  const heading = /^# (.+)$/m.exec(readFileSync(posix.join(ROOT, file), 'utf8'));
  return (heading?.[1] ?? posix.basename(file, '.md')).replaceAll('`', '');
}

/** The address of a page in the site. */
export const addressOf = (page) => `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html')}`;

/** Pages that are there in English only, each with its address and title; Chinese readers are led to them. */
export function englishOnly() {
  const pages = new Map(markdownFiles.flatMap((file) => (pageOf(file) ? [[pageOf(file), file]] : [])));
  return [...pages]
    .filter(([page]) => !page.startsWith('zh-CN/') && !pages.has(`zh-CN/${page}`))
    .map(([page, file]) => ({ page, address: addressOf(page), title: titleOf(file) }));
}

/**
 * Where a link of `file` leads: `page` with its address in the site, or `copy` with the path of a file that is no page
 * and is put into the site as it is. Undefined where nothing is there.
 */
export function targetOf(file, link) {
  const [path, hash = ''] = link.split(/(?=#)/);
  const target = posix.normalize(posix.join(posix.dirname(file), decodeURI(path))).replace(/\/$/, '');
  const readme = posix.join(target, 'README.md');
  const source = isFolder(target) && existsSync(posix.join(ROOT, readme)) ? readme : target;
  if (!existsSync(posix.join(ROOT, source))) return undefined;
  const page = source.endsWith('.md') ? pageOf(source) : undefined;
  if (source === 'openapi.json')
    return { page: file.includes('zh-CN') ? '/zh-CN/api/chains.html' : '/api/chains.html' };
  if (page) return { page: addressOf(page) + hash };
  return isFolder(source) ? undefined : { copy: source };
}

const isFolder = (path) => statSync(posix.join(ROOT, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
