import { describe, expect, it } from '@jest/globals';
import { printable } from '#libs/chain-view';
import { readTemplate } from './json-path.js';

const document = {
  items: [
    { id: 'a', n: 1, tags: ['x', 'y'], error: null },
    { id: 'b', n: 20, "it's": { deep: true } },
    { id: 'c', n: 3, error: { code: 'E' } },
  ],
  'a b': 'blank',
};
const written = (template: string, of: unknown = document) => readTemplate(template, printable)(of);

describe('a template', () => {
  it('writes what its paths lead to', () => {
    for (const [template, text] of [
      ['{.items[*].id}', 'a b c'],
      ['{$.items[0].n}', '1'],
      ['{.items[-1].id}', 'c'],
      ['{.items[1:].id}', 'b c'],
      ['{.items[:-1].id}', 'a b'],
      ['{.items[0].tags}', '["x","y"]'],
      ["{['a b']}", 'blank'],
      ['{["a b"]}', 'blank'],
      ['{.items[0].*}', 'a 1 ["x","y"] null'],
      ['{.items[?(@.n>2)].id}', 'b c'],
      ['{.items[?(@.id=="b")].n}', '20'],
      ["{.items[?(@.id!='b')].n}", '1 3'],
      ['{.items[?(@.error.code)].id}', 'c'],
      ['{.none}', ''],
      ['.items[0].id', 'a'],
      ['id {.items[0].id}!', 'id a!'],
      ['{range .items[*]}{.id}{"\\t"}{.n}{"\\n"}{end}', 'a\t1\nb\t20\nc\t3\n'],
      ['{range .items[*]}{$.items[0].id}{end}', 'aaa'],
    ] as const)
      expect([template, written(template)]).toEqual([template, text]);
    expect(JSON.parse(written('{.}'))).toEqual(document);
  });

  it('reaches no field but those of the document, and runs nothing', () => {
    expect(written('{.constructor}{.items.length}{.__proto__}')).toBe('');
    for (const wrong of [
      '{.a',
      '{..id}',
      '{.items[(1+1)]}',
      '{.a.b()}',
      '{end}',
      '{range .items}',
      '{.items[?(x)]}',
      '{"\\q"}',
    ])
      expect(() => readTemplate(wrong, printable)).toThrow();
  });

  it('shows what could harm a terminal as �', () => {
    expect(written('{.a}', { a: 'x\u001b[2Jy\u202ez' })).toBe('x\ufffd[2Jy\ufffdz');
  });
});
