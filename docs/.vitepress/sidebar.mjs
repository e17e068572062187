// What stands in the navigation, in each language.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { apiPages } from './api-pages.mjs';
import { addressOf, pageOf, ROOT, titleOf } from './site-map.mjs';

const TEXTS = {
  en: {
    label: 'English',
    folder: 'docs',
    suffix: '',
    description: 'Runs chains of privacy-computing tasks',
    groups: {
      start: 'Start',
      guide: 'Guide',
      moving: 'Moving from',
      operating: 'Operating',
      tasks: 'Task types',
      api: 'HTTP API',
      examples: 'Examples',
      project: 'The project',
    },
    theme: {},
  },
  'zh-CN': {
    label: '简体中文',
    folder: 'docs/zh-CN',
    suffix: '.zh-CN',
    description: '运行隐私计算任务链',
    groups: {
      start: '开始',
      guide: '指南',
      moving: '从其他系统迁移',
      operating: '运维',
      tasks: '任务类型',
      api: 'HTTP API',
      examples: '示例',
      project: '项目',
    },
    theme: {
      outline: { level: [2, 3], label: '本页目录' },
      docFooter: { prev: '上一页', next: '下一页' },
      darkModeSwitchLabel: '外观',
      lightModeSwitchTitle: '浅色',
      darkModeSwitchTitle: '深色',
      sidebarMenuLabel: '目录',
      returnToTopLabel: '回到顶部',
      langMenuLabel: '语言',
      notFound: { title: '没有这一页', quote: '地址有误，或这一页没有中文版。', linkText: '回到首页' },
    },
  },
};
/** Pages of docs/ in each group, in order; those that no group names stand in `operating`. */
const GUIDE = [
  'concepts',
  'chain-language',
  'control-tasks',
  'templates',
  'schedules',
  'consent',
  'engines',
  'sites',
  'errors',
  'cli',
];
const START = ['quickstart'];

/** The settings of one language. */
export function localeOf(language) {
  const { label, description, theme } = TEXTS[language];
  const home = language === 'en' ? '/' : `/${language}/`;
  return {
    label,
    lang: language,
    description,
    link: home,
    themeConfig: { ...theme, sidebar: sidebar(language), nav: [] },
  };
}

function sidebar(language) {
  const { folder, suffix, groups } = TEXTS[language];
  const page = (file) => existsSync(join(ROOT, file)) && [{ text: titleOf(file), link: linkOf(file) }];
  const inDocs = (names) => names.flatMap((name) => page(`${folder}/${name}.md`) || []);
  const named = [...START, ...GUIDE, 'index'];
  const below = (name) => namesIn(`${folder}/${name}`);
  const moving = below('moving-from').map((name) => `moving-from/${name}`);
  const tasks = below('tasks').filter((name) => name !== 'README');
  const examples = readdirSync(join(ROOT, 'examples')).map((name) => `examples/${name}/README`);
  const clients = readdirSync(join(ROOT, 'clients')).flatMap((name) => page(`clients/${name}/README.md`) || []);
  const ofLanguage = (stem) => page(`${stem}${suffix}.md`) || page(`${stem}.md`) || [];
  return [
    { text: groups.start, items: [...ofLanguage('README'), ...inDocs(START)] },
    { text: groups.guide, items: [...inDocs(GUIDE), ...clients] },
    { text: groups.moving, items: inDocs(moving) },
    {
      text: groups.operating,
      items: [...inDocs(namesIn(folder).filter((name) => !named.includes(name))), ...ofLanguage('SECURITY')],
    },
    {
      text: groups.tasks,
      collapsed: true,
      link: linkOf(`${folder}/tasks/README.md`),
      items: tasks.map((type) => ({ text: type, link: linkOf(`${folder}/tasks/${type}.md`) })),
    },
    {
      text: groups.api,
      collapsed: true,
      items: apiPages(language).map(([name, text]) => ({ text, link: linkOf(`${folder}/api/${name}.md`) })),
    },
    {
      text: groups.examples,
      collapsed: true,
      link: linkOf(`examples/README${suffix}.md`),
      items: examples.flatMap(ofLanguage),
    },
    { text: groups.project, collapsed: true, items: ['ARCHITECTURE', 'CONTRIBUTING', 'CHANGELOG'].flatMap(ofLanguage) },
  ].filter(({ items }) => items.length > 0);
}

const linkOf = (file) => addressOf(pageOf(file));
const namesIn = (folder) =>
  existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder)).flatMap((name) => /^([^[]+)\.md$/.exec(name)?.[1] ?? [])
    : [];
