import { designTemplates } from './design.js';
import { loopTemplates } from './loop.js';
import { workTemplates } from './work.js';
import type { ShippedTemplate } from './parts.js';

export type { ShippedTemplate } from './parts.js';

/** The templates of this release. An id is never used for another one. */
export const shippedTemplates: readonly ShippedTemplate[] = [...designTemplates, ...workTemplates, ...loopTemplates];
