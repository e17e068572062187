import { describe, expect, test } from '@jest/globals';
import { readAnswer, readToSite } from './offer-frames.js';

const run = '6d7d5f0f-7c11-4b58-9d0b-2c534a52b589';
/** As long as a signature by Ed25519. */
const vote = `a.b.${'c'.repeat(86)}`;
const artifact = { name: 'alice/t.csv', mediaType: 'text/csv; charset=utf-8', sizeBytes: 9, sha256: 'a'.repeat(64) };

const nested = (levels: number): unknown =>
  JSON.parse(`${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`) as unknown;

describe('an answer of a site', () => {
  test.each([
    { run, state: 'ACCEPTED' },
    { run, state: 'REFUSED', reason: 'not today' },
    { run, state: 'RUNNING', fraction: 0.5, stage: 'reads' },
    { run, state: 'PREPARED', result: { count: 3 }, artifacts: [artifact], vote },
    { run, state: 'PREPARED', result: null, artifacts: [], vote },
    { run, state: 'PREPARED', result: nested(32), artifacts: [], vote },
    { run, state: 'PREPARED', result: { '😀': ['😀'] }, artifacts: [], vote },
    { run, state: 'FAILED', code: 'PARTY_LOST', message: 'cut', retryable: true },
    { run, state: 'SETTLED' },
  ])('is $state', (answer) => expect(readAnswer(answer)).toEqual(answer));

  test.each([
    ['no object', 'ACCEPTED'],
    ['no run', { run: '../x', state: 'ACCEPTED' }],
    ['an unknown state', { run, state: 'GO' }],
    ['a long reason', { run, state: 'REFUSED', reason: 'x'.repeat(501) }],
    ['a fraction beyond 1', { run, state: 'RUNNING', fraction: 2, stage: 's' }],
    ['no number', { run, state: 'RUNNING', fraction: null, stage: 's' }],
    ['a result that is a text', { run, state: 'PREPARED', result: 'x', artifacts: [], vote }],
    ['a result of 34 levels', { run, state: 'PREPARED', result: nested(34), artifacts: [], vote }],
    ['a result of 80,000 levels', { run, state: 'PREPARED', result: nested(80_000), artifacts: [], vote }],
    ['half a character', { run, state: 'PREPARED', result: { a: [1, 'x\ud800'] }, artifacts: [], vote }],
    ['half a character in a name', { run, state: 'PREPARED', result: { a: { '\udc00': 1 } }, artifacts: [], vote }],
    [
      'a file with half a character',
      { run, state: 'PREPARED', result: {}, artifacts: [{ ...artifact, name: 'a/\ud800', vote }] },
    ],
    ['no list of files', { run, state: 'PREPARED', result: {}, artifacts: {}, vote }],
    [
      'a file without a party',
      { run, state: 'PREPARED', result: {}, artifacts: [{ ...artifact, name: 'report.html', vote }] },
    ],
    ['a size below 0', { run, state: 'PREPARED', result: {}, artifacts: [{ ...artifact, sizeBytes: -1, vote }] }],
    ['no hash', { run, state: 'PREPARED', result: {}, artifacts: [{ ...artifact, sha256: 'x', vote }] }],
    ['a part that nobody signed', { run, state: 'PREPARED', result: {}, artifacts: [] }],
    ['a vote in words', { run, state: 'PREPARED', result: {}, artifacts: [], vote: 'yes' }],
    [
      'a vote of any length',
      { run, state: 'PREPARED', result: {}, artifacts: [], vote: `${'a'.repeat(1_500)}${vote}` },
    ],
    ['what version 2 said', { run, state: 'DONE', result: {}, artifacts: [] }],
    ['a code in words', { run, state: 'FAILED', code: 'party lost', message: '', retryable: true }],
    ['a long message', { run, state: 'FAILED', code: 'X', message: 'x'.repeat(2_001), retryable: true }],
  ])('is not %s', (_, frame) => expect(readAnswer(frame)).toBeUndefined());

  test('brings no character that a terminal or a database acts on', () => {
    const [text, plain] = ['a\u001b[2J\u0000b\ud83d', 'a [2J b '];
    const answersWith = (words: string) => [
      { run, state: 'REFUSED', reason: words },
      { run, state: 'RUNNING', fraction: 0, stage: words },
      { run, state: 'FAILED', code: 'PARTY_LOST', message: words, retryable: true },
    ];
    expect(answersWith(text).map(readAnswer)).toEqual(answersWith(plain));
  });
});

describe('a frame of the control plane', () => {
  test('is a task, or what is offered', () => {
    for (const frame of [
      { kind: 'task', run, task: {} },
      { kind: 'votes', run, votes: [vote, vote] },
      { kind: 'offers', offers: ['GO', 'COMMIT', 'ABORT'].map((state) => ({ run, state })) },
      { kind: 'offers', offers: [{ run, state: 'GO', relay: 'relay-0.example.com:7444' }] },
      { kind: 'offers', offers: [{ run, state: 'GO', relay: '[::1]:65535' }] },
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
      { kind: 'votes', run, votes: vote },
      { kind: 'votes', run, votes: ['yes'] },
      { kind: 'votes', run, votes: Array.from({ length: 129 }, () => vote) },
      { kind: 'offers', offers: [{ run, state: 'CANCELLED' }] },
      { kind: 'offers', offers: [{ run, state: 'GO', relay: '--folder=/' }] },
      { kind: 'offers', offers: [{ run, state: 'GO', relay: 7444 }] },
      { kind: 'offers', offers: [{ run, state: 'GO', relay: 'relay-0.example.com:0' }] },
      { kind: 'offers', offers: [{ run, state: 'GO', relay: 'relay-0.example.com:65536' }] },
      { kind: 'offers', offers: Array.from({ length: 101 }, () => ({ run, state: 'GO' })) },
    ])
      expect(readToSite(frame)).toBeUndefined();
  });
});
