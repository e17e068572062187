import { describe, expect, it } from '@jest/globals';
import { EXIT } from '../exit-codes.js';
import { fakeApi } from '../fake-api-for-tests.js';

const type = {
  task_type: 'psi',
  title: 'Private set intersection',
  description: 'Finds common rows.',
  leaves: 'Blinded points.',
  needs_parties: true,
  approximate: false,
  engines: ['native'],
  config_schema: {
    type: 'object',
    required: ['keys'],
    properties: {
      task_type: { const: 'psi' },
      keys: {
        type: 'object',
        'x-per-party': true,
        description: 'Key columns.',
        additionalProperties: { type: 'array', items: { type: 'string' } },
      },
      steps: {
        type: 'array',
        items: {
          oneOf: [
            { properties: { op: { const: 'drop' } } },
            { properties: { rate: { type: 'number', minimum: 0, maximum: 1, default: 0.5 } } },
          ],
        },
      },
    },
  },
};
const { run } = fakeApi({ 'GET /task-types': { items: [type] } });
const says = async (...args: string[]) => {
  const { exit, stdout, stderr } = await run(args);
  expect([args, exit, stderr]).toEqual([args, EXIT.OK, '']);
  return stdout;
};

describe('task types', () => {
  it('are listed and explained, to each parameter', async () => {
    expect(await says('types')).toMatch(/\npsi +needed +Private set intersection\n/);
    expect(await says('types', '-o', 'wide')).toContain('Blinded points.');
    const all = await says('explain', 'psi');
    expect(all).toMatch(/leaves +Blinded points\.\n[^]*\nkeys +\{party: list of text\} +needed +Key columns\.\n/);
    expect(all).not.toContain('task_type ');
    expect(await says('explain', 'psi.steps.rate')).toMatch(/type +number\ndefault +0\.5\nlimits +from 0, up to 1\n/);
    expect(JSON.parse(await says('explain', 'psi.keys', '-o', 'json'))).toMatchObject({ 'x-per-party': true });
    for (const [path, hint] of [
      ['psy', 'Did you mean psi?'],
      ['psi.key', 'Did you mean keys?'],
      ['psi.none', 'Known: keys, steps, task_type'],
    ])
      expect(await run(['explain', path!])).toMatchObject({
        exit: EXIT.NOT_FOUND,
        stderr: expect.stringContaining(hint!),
      });
  });
});
