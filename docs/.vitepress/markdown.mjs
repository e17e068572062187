// What the pages' Markdown needs beyond VitePress: links between the project's files, pictures, GitHub's anchors.
import { posix, relative } from 'node:path';
import { renderMermaidSVG } from 'beautiful-mermaid';
import { ROOT, targetOf } from './site-map.mjs';

/** Files that the pages link to and that are no pages: they are copied into the site, below `files/`. */
export const copied = new Set();

/** Links are written as paths between files, so that they also lead somewhere where the files are read. */
export function links(md) {
  md.core.ruler.push('project-links', ({ tokens, env }) => {
    const file = relative(ROOT, env.realPath ?? env.path);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : undefined;
      if (!href || /^(\w+:|#|\/)/.test(href)) continue;
      const target = targetOf(file, href);
      if (!target) throw new Error(`${file} links to ${href}, where nothing is`);
      if (target.copy) copied.add(target.copy);
      token.attrSet('href', target.page ?? posix.join('/files', target.copy));
      if (target.copy) token.attrSet('target', '_self');
    }
  });
}

/** Pictures in Mermaid are drawn as the site is built; their colours are the page's (theme/style.css), light or dark. */
export function pictures(md) {
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, at, ...rest) => {
    if (tokens[at].info.trim() !== 'mermaid') return fence(tokens, at, ...rest);
    const svg = renderMermaidSVG(tokens[at].content, { transparent: true, padding: 8 });
    // Its style would count for the whole page, and asks for a font from elsewhere: the theme's style stands for it.
    const plain = svg.replace(/<style>[^]*?<\/style>/, '').replace(/(<svg[^>]*?) style="[^"]*"/, '$1');
    // A wide picture is scrolled rather than made too small to read.
    const wide = Number(/width="([\d.]+)"/.exec(plain)[1]) > 1000;
    return `<div class="picture${wide ? ' wide' : ''}" v-pre>${plain}</div>\n`;
  };
}

/** The anchor of a heading as GitHub makes it, so that one link does for both. */
export const slugify = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
