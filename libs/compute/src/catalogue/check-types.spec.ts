import { describe, expect, test } from '@jest/globals';
import { STATEMENT_SCHEMAS } from '#libs/consent';
import { OWNER_SCHEMA } from '../party/owner.js';
import { POLICY_SCHEMA } from '../party/party-policy.js';
import { SCRIPTS_SCHEMA } from '../script/allowed-scripts.js';
import { requireValidSchema } from '../contract/schema-faults.js';
import { faultsOfTypes } from './check-types.js';
import { configSchema } from '../contract/config-schema.js';
import { defineTask } from '../contract/define-task.js';
import { taskTypes } from './task-types.js';

const whole = defineTask({
  type: 'whole',
  title: 'Whole',
  description: 'A type that has everything.',
  configSchema: configSchema('whole', {}, []),
  leaves: 'Nothing.',
  needsParties: false,
  load: async () => async () => ({ result: {}, artifacts: [] }),
});
const faultsWith = (broken: object): Promise<string[]> => faultsOfTypes([whole, { ...whole, type: 'b', ...broken }]);

test('what parties read of files is checked against valid schemas', () => {
  for (const schema of [OWNER_SCHEMA, POLICY_SCHEMA, SCRIPTS_SCHEMA, ...Object.values(STATEMENT_SCHEMAS)])
    requireValidSchema({ ...schema });
  expect(() => requireValidSchema({ properties: 7 })).toThrow('schema is invalid');
});

describe('types that a worker cannot run', () => {
  test('are none of those that there are', async () => {
    expect(await faultsOfTypes(taskTypes)).toEqual([]);
    expect(await faultsWith({})).toEqual([]);
  });

  test('are two of one name', async () => {
    expect(await faultsWith({ type: 'whole' })).toEqual([
      'task type "whole" is there twice: see libs/compute/src/catalogue/task-types.ts',
    ]);
  });

  for (const [what, load, why] of [
    ['without a processor', async () => undefined, 'has no processor'],
    ['with a processor that throws as it loads', () => Promise.reject(new Error('no module')), '(no module)'],
    ['with nothing to load', undefined, 'has a processor that does not load'],
  ] as const) {
    test(`are those ${what}`, async () => {
      expect(await faultsWith({ load })).toEqual([expect.stringContaining(why)]);
    });
  }

  for (const schema of [undefined, { type: 'objekt' }, { $ref: '#/nowhere' }]) {
    test(`are those with the schema ${JSON.stringify(schema)}`, async () => {
      expect(await faultsWith({ configSchema: schema })).toEqual([
        expect.stringMatching(/^task type "b" has a schema that does not compile \(.+\): see/),
      ]);
    });
  }

  test('are all told at once', async () => {
    expect(await faultsWith({ load: undefined, configSchema: undefined, type: 'whole' })).toHaveLength(3);
  });
});
