export { tearDown as default } from './services.js';
