import { englishOnly } from '../.vitepress/site-map.mjs';

export default {
  paths: () =>
    englishOnly().map(({ page, address, title }) => ({
      params: { page: page.replace(/\.md$/, '') },
      content: `# ${title}\n\n这一页只有英文：[${title}](${address})。`,
    })),
};
