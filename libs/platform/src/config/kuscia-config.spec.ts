import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';

const files = { ca: '/k/ca.crt', cert: '/k/client.crt', key: '/k/client.key', token: '/k/token' };
const right = {
  ...{ endpoint: 'https://kuscia.example.com:8082', ...files, initiator: 'alice', app_image: 'secretflow-image' },
  parties: { alice: { domain: 'alice' }, bob: { domain: 'bob-domain', datasource: 'tables', folder: 'in/bob' } },
};
const read = (value: unknown, more: object = {}) =>
  readConfig({ KUSCIA_API: typeof value === 'string' ? value : JSON.stringify(value), DATA_DIR: '/srv', ...more });
const fault = (value: unknown, more: object = {}): string => {
  try {
    read(value, more);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

describe('KUSCIA_API', () => {
  it('sets the engine kuscia up, which may be the default', () => {
    expect(readConfig({}).kuscia).toBeUndefined();
    const { initiator, app_image: appImage, parties } = right;
    const access = { endpoint: right.endpoint, ...files };
    const rest = { initiator, appImage, componentBy: 'domain', parties, dataRoot: '/srv/tables' };
    expect(read(right, { ENGINE_DEFAULT: 'kuscia' }).kuscia).toEqual({ access, ...rest });
    const own = { endpoint: 'https://bob.example.com', ...files, server_name: 'kusciaapi' };
    const both = { ...right, component_by: 'comp_id', parties: { ...parties, bob: { domain: 'bob', ...own } } };
    expect(read(both).kuscia).toMatchObject({
      componentBy: 'comp_id',
      parties: { bob: { access: { endpoint: 'https://bob.example.com', serverName: 'kusciaapi' } } },
    });
    expect(fault('', { ENGINE_DEFAULT: 'kuscia' })).toContain('Set KUSCIA_API');
  });

  it('names parties of other tenants by their folders', () => {
    const parties = { ...right.parties, '@beta/alice': { domain: 'beta-alice' } };
    expect(read({ ...right, parties }).kuscia).toMatchObject({ parties });
  });

  it.each([
    ['{', 'has no JSON object'],
    [[], 'has no JSON object'],
    [{ ...right, tokn: 'x' }, 'has the unknown "tokn"'],
    [{ ...right, endpoint: 'http://host:8082' }, 'has an "endpoint" that is no https://host:port'],
    [{ ...right, endpoint: 'https://host:8082/api' }, 'has an "endpoint" that is no https://host:port'],
    [{ ...right, token: 'token' }, 'has a "token" that is no absolute path'],
    [{ ...right, key: undefined }, 'has no text as "key"'],
    [{ ...right, initiator: 'carol' }, 'has an "initiator" that is no "domain" of its parties'],
    [{ ...right, component_by: 'name' }, 'has a "component_by"'],
    [{ ...right, parties: { alice: { domain: 'alice' } } }, 'names fewer than two "parties"'],
    [{ ...right, parties: { alice: { domain: 'a' }, bob: { domain: 'a' } } }, 'has one "domain" for two parties'],
    [{ ...right, parties: { ...right.parties, bob: { domain: 'Bob_1' } } }, 'has a "domain" of "bob" that'],
    [{ ...right, parties: { ...right.parties, bob: { domain: 'b', folder: '../x' } } }, 'has a "folder" of "bob"'],
    [
      { ...right, parties: { ...right.parties, bob: { domain: 'b', endpoint: 'https://b' } } },
      'has no text as "ca" of "bob"',
    ],
    [{ ...right, parties: { ...right.parties, bob: { domain: 'b', port: 1 } } }, 'has the unknown "port" of "bob"'],
    [{ ...right, parties: { ...right.parties, '@Beta/bob': { domain: 'b' } } }, 'has a party "@Beta/bob"'],
  ])('is refused where it is wrong, and shows how to write it (%#)', (value, why) => {
    expect(fault(value)).toContain(`KUSCIA_API ${why}`);
    expect(fault(value)).toContain('Write {"endpoint":');
  });
});
