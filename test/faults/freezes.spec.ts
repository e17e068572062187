import { declareShortForms } from './short-form.js';

await declareShortForms(15, 16);
