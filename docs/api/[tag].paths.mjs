import { apiRoutes } from '../.vitepress/api-pages.mjs';

export default { paths: () => apiRoutes('en') };
