import { declareShortForms } from './short-form.js';

await declareShortForms(3, 4, 5);
