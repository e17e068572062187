import { describe, expect, test } from '@jest/globals';
import { readAnswer, readToSite } from './offer-frames.js';

const run = '6d7d5f0f-7c11-4b58-9d0b-2c534a52b589';
const artifact = { name: 'alice/t.csv', mediaType: 'text/csv; charset=utf-8', sizeBytes: 9, sha256: 'a'.repeat(64) };

const nested = (levels: number): unknown =>
  JSON.parse(`${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`) as unknown;

describe('an answer of a site', () => {
  test.each([
    { run, state: 'ACCEPTED' },
    { run, state: 'REFUSED', reason: 'not today' },
    { run, state: 'RUNNING', fraction: 0.5, stage: 'reads' },
    { run, state: 'DONE', result: { count: 3 }, artifacts: [artifact] },
    { run, state: 'DONE', result: null, artifacts: [] },
    { run, state: 'DONE', result: nested(32), artifacts: [] },
    { run, state: 'DONE', result: { '😀': ['😀'] }, artifacts: [] },
    { run, state: 'FAILED', code: 'PARTY_LOST', message: 'cut', retryable: true },
  ])('is $state', (answer) => expect(readAnswer(answer)).toEqual(answer));

  test.each([
    ['no object', 'ACCEPTED'],
    ['no run', { run: '../x', state: 'ACCEPTED' }],
    ['an unknown state', { run, state: 'GO' }],
    ['a long reason', { run, state: 'REFUSED', reason: 'x'.repeat(501) }],
    ['a fraction beyond 1', { run, state: 'RUNNING', fraction: 2, stage: 's' }],
    ['no number', { run, state: 'RUNNING', fraction: null, stage: 's' }],
    ['a result that is a text', { run, state: 'DONE', result: 'x', artifacts: [] }],
    ['a result of 34 levels', { run, state: 'DONE', result: nested(34), artifacts: [] }],
    ['a result of 80,000 levels', { run, state: 'DONE', result: nested(80_000), artifacts: [] }],
    ['half a character', { run, state: 'DONE', result: { a: [1, 'x\ud800'] }, artifacts: [] }],
    ['half a character in a name', { run, state: 'DONE', result: { a: { '\udc00': 1 } }, artifacts: [] }],
    [
      'a file with half a character',
      { run, state: 'DONE', result: {}, artifacts: [{ ...artifact, name: 'a/\ud800' }] },
    ],
    ['no list of files', { run, state: 'DONE', result: {}, artifacts: {} }],
    ['a file without a party', { run, state: 'DONE', result: {}, artifacts: [{ ...artifact, name: 'report.html' }] }],
    ['a size below 0', { run, state: 'DONE', result: {}, artifacts: [{ ...artifact, sizeBytes: -1 }] }],
    ['no hash', { run, state: 'DONE', result: {}, artifacts: [{ ...artifact, sha256: 'x' }] }],
    ['a code in words', { run, state: 'FAILED', code: 'party lost', message: '', retryable: true }],
    ['a long message', { run, state: 'FAILED', code: 'X', message: 'x'.repeat(2_001), retryable: true }],
  ])('is not %s', (_, frame) => expect(readAnswer(frame)).toBeUndefined());

  test('brings no character that a terminal or a database acts on', () => {
    const answer = readAnswer({ run, state: 'REFUSED', reason: 'a\u001b[2J\u0000b\ud83d' });
    expect(answer).toEqual({ run, state: 'REFUSED', reason: 'a [2J b ' });
  });
});

describe('a frame of the control plane', () => {
  test('is a task, or what is offered', () => {
    for (const frame of [
      { kind: 'task', run, task: {} },
      { kind: 'offers', offers: [{ run, state: 'GO' }] },
      { kind: 'offers', offers: [] },
    ])
      expect(readToSite(frame)).toEqual(frame);
  });

  test('is nothing else', () => {
    for (const frame of [
      null,
      { kind: 'go', run },
      { kind: 'task', run: '1', task: {} },
      { kind: 'task', run, task: 'rm' },
      { kind: 'offers', offers: [{ run, state: 'CANCELLED' }] },
      { kind: 'offers', offers: Array.from({ length: 101 }, () => ({ run, state: 'GO' })) },
    ])
      expect(readToSite(frame)).toBeUndefined();
  });
});
