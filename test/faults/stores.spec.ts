import { declareShortForms } from './short-form.js';

await declareShortForms(17, 18, 19, 20);
