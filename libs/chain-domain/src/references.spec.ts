import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from './map-strings.js';
import {
  findPartyReferences,
  findReferences,
  findSecrets,
  MAX_REFERENCES,
  putAt,
  resolveReferences,
} from './references.js';

const results: Record<string, JsonValue> = {
  psi: { count: 3, paths: { alice: '/a.csv' }, reports: [{ party: 'alice' }, null], flag: false, '25%': 1.5 },
  'v1.2': 'text',
};
const resolved = (params: JsonValue, taskIds?: Set<string>) => {
  const resolution = resolveReferences(params, results, taskIds);
  return resolution.ok ? resolution.params : resolution.missing.map(({ pointer, raw }) => `${pointer} ${raw}`);
};
const faultsOf = (params: JsonValue) => findReferences(params).faults.map(({ code, pointer }) => `${code} ${pointer}`);

describe('findReferences', () => {
  it('tells where each one stands and where it leads, in document order', () => {
    const params = {
      a: ['${tasks.psi.result.reports[0].party}'],
      'b/~': { c: 'x ${tasks.v1.2.result} ${tasks.psi.result}' },
    };
    expect(findReferences(params)).toEqual({
      references: [
        { pointer: '/a/0', raw: '${tasks.psi.result.reports[0].party}', taskId: 'psi', path: ['reports', 0, 'party'] },
        { pointer: '/b~1~0/c', raw: '${tasks.v1.2.result}', taskId: 'v1.2', path: [] },
        { pointer: '/b~1~0/c', raw: '${tasks.psi.result}', taskId: 'psi', path: [] },
      ],
      faults: [],
    });
  });

  it('ends an id at the first .result, unless a longer id is a task of the chain', () => {
    const idOf = (text: string, ...known: string[]) => {
      const [reference] = findReferences(text, new Set(known)).references;
      return reference && [reference.taskId, ...reference.path];
    };
    expect(idOf('${tasks.a.result.result.x}')).toEqual(['a', 'result', 'x']);
    expect(idOf('${tasks.a.result.result.x}', 'a')).toEqual(['a', 'result', 'x']);
    expect(idOf('${tasks.a.result.result.x}', 'a', 'a.result')).toEqual(['a.result', 'x']);
    expect(idOf('${tasks.a.results.result}')).toEqual(['a.results']);
    expect(idOf('${tasks.result.result}')).toEqual(['result']);
  });

  it('refuses what is no reference and says what to write', () => {
    expect(faultsOf({ a: '${foo}', b: ['${tasks.a.result'], c: '${tasks.a}', d: '${}' })).toEqual([
      'UNKNOWN_REFERENCE /a',
      'MALFORMED_REFERENCE /b/0',
      'MALFORMED_REFERENCE /c',
      'UNKNOWN_REFERENCE /d',
    ]);
    expect(faultsOf('${params.x} ${secrets.y}')).toEqual(['UNKNOWN_PARAM ', 'MALFORMED_REFERENCE ']);
    expect(findReferences('${foo}').faults[0]?.message).toBe(
      '"${foo}" is no reference: it must be ${tasks.<task_id>.result.<path>}. Write $${ for the characters ${ themselves.',
    );
  });

  it.each([
    ['${tasks.a.result', 'has no closing brace. '],
    ['${params.x}', ': parameters of a chain are put in when it is created, and stand in task_params alone. '],
    ['${secrets.y}', ': a secret stands alone in its string, as ${secrets.<name>}. '],
    [
      '${tasks.a}',
      'must be ${tasks.<task_id>.result.<path>}, its path of keys and indexes: a.b[0].c, or ${tasks.<task_id>.party_results.<party>.<path>}. ',
    ],
    ['${tasks.a.party_results.b}', ': a result of one party stands alone in its string.'],
    [`\${${'x'.repeat(77)}}`, 'is no reference: it must be ${tasks.<task_id>.result.<path>}. '],
  ])('says what to write for %s', (raw, said) => {
    const message = `"${raw}"${said.startsWith(':') ? '' : ' '}${said}`;
    const escape = said.endsWith(' ') ? 'Write $${ for the characters ${ themselves.' : '';
    expect(findReferences({ a: `x ${raw}` }).faults).toMatchObject([{ pointer: '/a', raw, message: message + escape }]);
  });

  it('shows 80 characters of what is no reference', () => {
    const [fault] = findReferences(`\${${'x'.repeat(78)}}`).faults;
    expect(fault!.message).toMatch(/^"\$\{x{78}\.\.\." is no reference/);
  });

  it('takes ids and indexes as they are written, and no others', () => {
    const [one, other] = findReferences('${tasks.a.result[10].b[123456789]} ${tasks.a.result[0]}').references;
    expect([one!.path, other!.path]).toEqual([[10, 'b', 123456789], [0]]);
    expect(findReferences(`\${tasks.${'i'.repeat(64)}.result}`).faults).toEqual([]);
    for (const id of ['i'.repeat(65), ' a', 'a ', 'a/b', '']) {
      expect(faultsOf(`\${tasks.${id}.result}`)).toEqual(['MALFORMED_REFERENCE ']);
    }
  });

  it('leaves alone what is a secret, which stands alone in its string', () => {
    const name = `a.b-c_${'d'.repeat(58)}`;
    const params = { a: ['${secrets.k}', `\${secrets.${name}}`], b: '${tasks.a.result}' };
    expect(findReferences(params).references.map(({ pointer }) => pointer)).toEqual(['/b']);
    expect(findSecrets(params)).toEqual([
      { path: ['a', 0], name: 'k' },
      { path: ['a', 1], name },
    ]);
    for (const none of ['-k', '', 'k/l', `${name}e`, ' k', 'k ']) {
      const text = `\${secrets.${none}}`;
      expect([findSecrets(text), faultsOf(text)]).toEqual([[], ['MALFORMED_REFERENCE ']]);
    }
    expect([findSecrets('x${secrets.k}'), findSecrets('${secrets.k}x')]).toEqual([[], []]);
  });

  it('knows the result of one party, alone in its string', () => {
    const raw = '${tasks.psi.party_results.alice.output[0]}';
    expect(findReferences({ a: raw })).toEqual({
      references: [{ pointer: '/a', raw, taskId: 'psi', party: 'alice', path: ['output', 0] }],
      faults: [],
    });
    expect(faultsOf(`x ${raw}`)).toEqual(['MALFORMED_REFERENCE ']);
    for (const text of ['${tasks.psi.party_results}', '${tasks.psi.party_results[0].a}']) {
      expect(faultsOf(text)).toEqual(['MALFORMED_REFERENCE ']);
    }
    expect(findPartyReferences({ a: [raw], b: `$${raw}`, c: '${tasks.psi.result}' })).toEqual([
      { place: ['a', 0], taskId: 'psi', party: 'alice', path: ['output', 0] },
    ]);
  });

  for (const path of ['..a', '.a.', '[x]', '[01]', '[-1]', '[0', '.a b', '.${x', '.a"', '[0]a', '[9999999999]']) {
    it(`refuses the path ${path}`, () => {
      expect(faultsOf(`\${tasks.psi.result${path}}`)).toEqual(['MALFORMED_REFERENCE ']);
    });
  }

  it('reads no keys and no escapes', () => {
    expect(findReferences({ '${foo}': '$${foo} $$${tasks.a.result}' })).toEqual({ references: [], faults: [] });
  });

  it('bounds references and faults', () => {
    const many = findReferences('${tasks.a.result}'.repeat(MAX_REFERENCES + 5));
    expect(many.references).toHaveLength(MAX_REFERENCES);
    const message = 'A task has at most 256 references in its parameters.';
    expect(many.faults).toEqual([{ code: 'TOO_MANY_REFERENCES', pointer: '', raw: '${tasks.a.result}', message }]);
    expect(findReferences('${tasks.a.result}'.repeat(MAX_REFERENCES)).faults).toEqual([]);
    // Nothing is looked for behind what is too much.
    expect(faultsOf(`${'${tasks.a.result}'.repeat(MAX_REFERENCES + 1)}\${foo}`)).toEqual(['TOO_MANY_REFERENCES ']);
    expect(findReferences('${foo}'.repeat(100_000)).faults).toHaveLength(100);
    expect(findReferences('${'.repeat(1_000_000)).faults).toHaveLength(1);
    expect(findReferences('${tasks' + '.result'.repeat(1_000_000) + '}').references).toHaveLength(1);
  });

  it('goes 1,000 levels deep', () => {
    let params: JsonValue = '${tasks.psi.result.count}';
    for (let i = 0; i < 1000; i++) params = i % 2 ? [params] : { k: params };
    expect(findReferences(params).references[0]?.pointer.startsWith('/0/k/0')).toBe(true);
    expect(JSON.stringify(resolved(params))).toContain('{"k":3}');
  });
});

describe('resolveReferences', () => {
  it('leaves the result of one party to the party', () => {
    const raw = '${tasks.psi.party_results.alice.count}';
    expect(resolved({ a: raw, b: '${tasks.psi.result.count}' })).toEqual({ a: raw, b: 3 });
    // Never read out of the result of all.
    expect(resolved(`${raw}!`)).toEqual([` ${raw}`]);
  });

  it('keeps the type of a reference alone and renders it inside a text', () => {
    expect(
      resolved({
        number: '${tasks.psi.result.count}',
        object: '${tasks.psi.result.paths}',
        null: '${tasks.psi.result.reports[1]}',
        text: 'n=${tasks.psi.result.count}, ${tasks.v1.2.result}: ${tasks.psi.result.reports} ${tasks.psi.result.flag}',
        odd: '${tasks.psi.result.25%}',
        other: [1, true, null, 'plain'],
      }),
    ).toEqual({
      number: 3,
      object: { alice: '/a.csv' },
      null: null,
      text: 'n=3, text: [{"party":"alice"},null] false',
      odd: 1.5,
      other: [1, true, null, 'plain'],
    });
  });

  it('finds a reference wherever in a text it begins', () => {
    const count = '${tasks.psi.result.count}';
    expect(resolved([`a${count}`, `ab${count}c`, `${count}${count}`])).toEqual(['a3', 'ab3c', '33']);
  });

  it('leaves a secret as it is', () => {
    expect(resolved({ a: '${secrets.k}', b: '${tasks.psi.result.count}' })).toEqual({ a: '${secrets.k}', b: 3 });
  });

  it('copies only what holds a reference', () => {
    const params = { a: { b: ['$'] }, c: ['${tasks.psi.result.count}', { d: 1 }] };
    const resolution = resolveReferences(params, results);
    const after = (resolution as unknown as { params: typeof params }).params;
    expect([after.a === params.a, after.c === params.c, after.c[1] === params.c[1]]).toEqual([true, false, true]);
    expect(resolveReferences(params.a, results)).toEqual({ ok: true, params: params.a });
    putAt(after, ['c', 0], 'other');
    delete (after.c as unknown[])[0];
    expect([after.c.length, 0 in after.c, params.c[0]]).toEqual([2, false, '${tasks.psi.result.count}']);
  });

  it('writes $${ as ${', () => {
    expect(resolved(['$${x}', 'a $${b} ${tasks.psi.result.count}', '$$${x}', '$ { $'])).toEqual([
      '${x}',
      'a ${b} 3',
      '$${x}',
      '$ { $',
    ]);
  });

  it('takes a Map as well, and leaves its arguments alone', () => {
    const params = Object.freeze({ a: Object.freeze(['${tasks.t.result}']) as unknown as JsonValue[] });
    const resolution = resolveReferences(params, new Map([['t', 1]]));
    expect(resolution).toEqual({ ok: true, params: { a: [1] } });
    expect(params.a).toEqual(['${tasks.t.result}']);
  });

  it('lists all references that lead to nothing', () => {
    expect(
      resolved({
        a: '${tasks.nobody.result}',
        b: ['${tasks.psi.result.reports[2]} ${tasks.psi.result.reports.0}'],
        c: '${tasks.psi.result[0]}',
        d: '${tasks.psi.result.count.x}',
        e: '${foo}',
      }),
    ).toEqual([
      '/a ${tasks.nobody.result}',
      '/b/0 ${tasks.psi.result.reports[2]}',
      '/b/0 ${tasks.psi.result.reports.0}',
      '/c ${tasks.psi.result[0]}',
      '/d ${tasks.psi.result.count.x}',
      '/e ${foo}',
    ]);
  });

  it('never reads what an object inherits', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(resolved(`\${tasks.psi.result.${key}}`)).toEqual([` \${tasks.psi.result.${key}}`]);
      expect(resolved(`\${tasks.${key}.result}`)).toEqual([` \${tasks.${key}.result}`]);
    }
    expect(resolved('${tasks.psi.result.reports.length}')).toEqual([' ${tasks.psi.result.reports.length}']);
    const own = JSON.parse('{"__proto__": "${tasks.psi.result.paths}"}') as JsonValue;
    const after = resolved(own) as object;
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
    expect(JSON.stringify(after)).toBe('{"__proto__":{"alice":"/a.csv"}}');
  });

  it('means the same task as at creation when that one has no result', () => {
    const reference = '${tasks.psi.result.result}';
    expect(resolved(reference, new Set(['psi', 'psi.result']))).toEqual([` ${reference}`]);
  });
});

describe('putAt', () => {
  it('puts a value at a place', () => {
    const params = { a: [{ b: 1, c: 2 }], d: 3 };
    putAt(params, ['a', 0, 'b'], 'x');
    putAt(params, ['d'], null);
    expect(params).toEqual({ a: [{ b: 'x', c: 2 }], d: null });
  });
});
