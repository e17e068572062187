export { setUp as default } from './services.js';
