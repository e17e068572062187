import { describe, expect, it } from '@jest/globals';
import { readScripts } from '#libs/compute';
import { Catalogue } from './catalogue.js';

describe('the catalogue', () => {
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
