import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readScripts } from '#libs/compute';
import { Catalogue } from './catalogue.js';
import { controlTypes } from './control-types.js';

const WORDS = new URL('../../../../../apps/console/src/words/', import.meta.url);
const chinese = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(name, WORDS), 'utf8')) as Record<string, string>;

/** Each title, description and `leaves` of types and their schemas. */
function textsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    typeof each === 'string' && ['title', 'description', 'leaves'].includes(key) ? [each] : textsOf(each),
  );
}

describe('the catalogue', () => {
  it('is in Chinese throughout: the words of the console have every text', () => {
    const ofControl = chinese('control-types-zh.json');
    const words = { ...chinese('types-zh.json'), ...ofControl };
    expect(textsOf(new Catalogue(true, {}).all).filter((text) => !/[\u4e00-\u9fff]/.test(words[text] ?? ''))).toEqual(
      [],
    );
    expect(Object.keys(ofControl).filter((text) => !textsOf(controlTypes).includes(text))).toEqual([]);
  });

  it('checks the parameters of a wait', () => {
    const faultsOf = (task_config: unknown, more = {}) =>
      new Catalogue(false, {})
        .find('wait')!
        .checkParams({ task_config, ...more })
        .map(({ pointer, message }) => `${pointer} ${message}`);
    for (const good of [{ seconds: 0 }, { until: '2027-01-31T09:00:00+08:00' }, { until: '${tasks.a.result.at}' }]) {
      expect(faultsOf(good)).toEqual([]);
    }
    expect(faultsOf(undefined)).toEqual(['/task_config is required and must be an object']);
    expect(faultsOf({ seconds: 31_536_001 })).toEqual([expect.stringMatching(/^\/task_config\/seconds must be /)]);
    expect(faultsOf({ until: '2027-01-31' })).toEqual([expect.stringMatching(/^\/task_config\/until /)]);
    expect(faultsOf({ until: '2027-13-31T09:00:00Z' })).toEqual([
      expect.stringContaining('must have an until such as'),
    ]);
    expect(faultsOf({ seconds: 1, until: '2027-01-31T09:00:00Z' })).toHaveLength(1);
    expect(faultsOf({ seconds: 1 }, { engine: 'native' })).toEqual([
      '/engine is not a known field: there is task_config',
    ]);
  });

  it('takes the schema of a payload or an answer written out alone', () => {
    const faultsOf = (type: string, task_config: object) =>
      new Catalogue(false, {}).find(type)!.checkParams({ task_config });
    const signal = { name: 'file', key: 'k' };
    const signOff = { question: 'May it?', who: ['role:admin'] };
    expect(faultsOf('signal', { ...signal, schema: { type: 'object' } })).toEqual([]);
    for (const text of ['${tasks.a.result.schema}', '${params.schema}']) {
      const fault = { message: 'is written out: it takes no references', isLiteral: true };
      expect(faultsOf('signal', { ...signal, schema: text })).toEqual([{ pointer: '/task_config/schema', ...fault }]);
      expect(faultsOf('sign_off', { ...signOff, form: text })).toEqual([{ pointer: '/task_config/form', ...fault }]);
    }
  });

  it('refuses a script that the operator does not allow, and says which are', () => {
    const params = {
      sf_init_config: { parties: ['alice'] },
      task_config: { script: 'clean', input_data: { alice: { loans: 'loans.csv' } } },
    };
    const faultsOf = (setting?: string): unknown =>
      new Catalogue(true, readScripts(setting)).find('script')!.checkParams(params);
    const pointer = '/task_config/script';
    const none = expect.stringContaining('the operator names those that may run in SCRIPT_TASKS');
    expect(faultsOf()).toEqual([{ pointer, message: none }]);
    expect(faultsOf('{"tidy": {"command": ["/bin/true"]}}')).toEqual([
      { pointer, message: 'must be a command that SCRIPT_TASKS allows: tidy' },
    ]);
    expect(faultsOf('{"clean": {"command": ["/bin/true"]}}')).toEqual([]);
  });
});
