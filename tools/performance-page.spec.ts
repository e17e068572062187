import { describe, expect, it } from '@jest/globals';
import { performancePages, untranslated } from './performance-page.js';

const pages = await performancePages();

describe('the pages on performance', () => {
  for (const { path, text, made } of pages) {
    it(`${path} holds the figures of the newest run: else run npm run docs:performance`, () => expect(text).toBe(made));
  }
  it('are in Chinese throughout: docs/zh-CN/performance-words.json has every text', () => {
    expect(untranslated()).toEqual([]);
  });
});
