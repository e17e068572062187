import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitepress';
import { copied, links, pictures, slugify } from './markdown.mjs';
import { FOLDERS, markdownFiles, pageOf, ROOT } from './site-map.mjs';
import { localeOf } from './sidebar.mjs';

const others = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !FOLDERS.some((folder) => folder.startsWith(entry.name)))
  .map(({ name }) => `${name}/**`);

export default defineConfig({
  srcDir: '..',
  ignoreDeadLinks: 'localhostLinks',
  srcExclude: [
    ...others,
    '**/node_modules/**',
    'bench/!(results)/**',
    ...markdownFiles.filter((file) => !pageOf(file)),
  ],
  rewrites: pageOf,
  title: 'Task Chain',
  // No favicon, rather than a request for one.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    // Attributes begin with `{:`. With a brace alone, `{party: path}` at the end of a cell would be read as attributes, and lost.
    attrs: { leftDelimiter: '{:' },
    anchor: { slugify },
    toc: { slugify },
    config: (md) => md.use(links).use(pictures),
  },
  locales: { root: localeOf('en'), 'zh-CN': localeOf('zh-CN') },
  themeConfig: {
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        locales: {
          'zh-CN': {
            translations: {
              button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
              modal: {
                displayDetails: '显示详情',
                resetButtonTitle: '清除',
                backButtonTitle: '返回',
                noResultsText: '没有结果：',
                footer: { selectText: '选择', navigateText: '移动', closeText: '关闭' },
              },
            },
          },
        },
        // Chinese has no spaces between words. The browser gets this function as text: it can name nothing outside of it.
        miniSearch: {
          options: {
            tokenize: (text) =>
              [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)].flatMap(({ segment, isWordLike }) =>
                isWordLike ? segment.split(/[._:-]/) : [],
              ),
          },
        },
      },
    },
  },
  buildEnd({ outDir }) {
    for (const file of copied) {
      mkdirSync(dirname(join(outDir, 'files', file)), { recursive: true });
      cpSync(join(ROOT, file), join(outDir, 'files', file));
    }
  },
});
