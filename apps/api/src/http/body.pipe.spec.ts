import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { BulkBodyDto, PriorityBodyDto, ResolveBodyDto, RetryBodyDto } from '../controls/control-bodies.dto.js';
import { NewKeyDto } from '../keys/keys.dto.js';
import { NewTenantDto, TenantChangeDto } from '../tenants/tenants.dto.js';
import { NewWebhookDto } from '../webhooks/webhooks.dto.js';
import { BodyPipe } from './body.pipe.js';
import { Problem } from './problem.js';

const pipe = new BodyPipe();
const read = (metatype: new () => object, body: unknown): Promise<unknown> =>
  pipe.transform(body, { type: 'body', metatype, data: undefined });
/** Code, pointer and message of each fault. */
async function faultsOf(metatype: new () => object, body: unknown): Promise<string[]> {
  const problem = (await read(metatype, body).catch((error: unknown) => error)) as Problem;
  expect(problem).toBeInstanceOf(Problem);
  expect(problem.code).toBe('BAD_REQUEST');
  return problem.errors.map(({ code, pointer, message }) => `${code} ${pointer}: ${message}`).sort();
}

describe('the pipe of bodies', () => {
  it('gives a body as it came, with any JSON in a result', async () => {
    const body = JSON.parse('{"note":"n","result":{"toString":1,"valueOf":[null],"a":{"b":[]}}}') as object;
    const text = JSON.stringify(body);
    expect(await read(ResolveBodyDto, body)).toBe(body);
    expect(JSON.stringify(body)).toBe(text);
    const bulk = { filter: { status: 'FAILURE' }, ids: ['a'] };
    expect(await read(BulkBodyDto, bulk)).toBe(bulk);
    const none = { result: null, note: 'n' };
    expect(await read(ResolveBodyDto, none)).toBe(none);
    expect(await read(RetryBodyDto, undefined)).toEqual({});
    const limits = { max_running_chains: null };
    expect(await read(TenantChangeDto, limits)).toBe(limits);
  });

  it('looks only at bodies that have a DTO', async () => {
    expect(await pipe.transform([1], { type: 'body', metatype: Object, data: undefined })).toEqual([1]);
    expect(await pipe.transform({ a: 1 }, { type: 'query', metatype: NewKeyDto, data: undefined })).toEqual({ a: 1 });
  });

  for (const body of [[], [{}], 'x', 7, true]) {
    it(`takes no ${JSON.stringify(body)} for a body`, async () => {
      expect(await faultsOf(NewKeyDto, body)).toEqual(['INVALID_TYPE : the body must be an object.']);
    });
  }

  it('reports all faults at once, each by its place', async () => {
    expect(
      await faultsOf(NewKeyDto, { name: '', role: 7, expires_in_days: 0.5, toString: 1, 'a/b~c': 2, status: 1 }),
    ).toEqual([
      'INVALID_TYPE /expires_in_days: expires_in_days must be a whole number.',
      'INVALID_TYPE /role: role must be a text.',
      'INVALID_VALUE /role: role must be one of viewer, operator, author, admin.',
      'OUT_OF_RANGE /expires_in_days: expires_in_days must be 1 or more.',
      'OUT_OF_RANGE /name: name must not be empty.',
      'UNKNOWN_FIELD /a~1b~0c: a/b~c is not a known field: there are expires_in_days, name, party, role.',
      'UNKNOWN_FIELD /status: status is given by the server: leave it out.',
      expect.stringMatching(/^UNKNOWN_FIELD .toString: toString is not a known field: there are expires_in_days,/),
    ]);
    expect(await faultsOf(NewKeyDto, {})).toEqual([
      'REQUIRED /name: name is missing.',
      'REQUIRED /role: role is missing.',
    ]);
    expect(await faultsOf(NewKeyDto, { name: null, role: 'author', expires_in_days: null })).toEqual([
      'INVALID_TYPE /expires_in_days: expires_in_days must be a whole number.',
      'INVALID_TYPE /name: name must be a text.',
    ]);
    expect(await faultsOf(ResolveBodyDto, { note: 'n' })).toEqual(['REQUIRED /result: result is missing.']);
    expect(await faultsOf(PriorityBodyDto, { priority: 11 })).toEqual([
      'INVALID_VALUE /priority: priority must be one of low, normal, high, critical, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10.',
    ]);
  });

  it('reports items by their index, and nested fields by their path', async () => {
    expect(await faultsOf(RetryBodyDto, { from: ['a', 'b c', 1, ''] })).toEqual([
      'INVALID_FORMAT /from/1: from.1 may hold A-Z, a-z, 0-9 and . _ - only.',
      'INVALID_TYPE /from/2: from.2 must be a text.',
      'OUT_OF_RANGE /from/3: from.3 must not be empty.',
    ]);
    expect(await faultsOf(BulkBodyDto, { filter: { status: 1, 'a/b': 2, hasOwnProperty: 3 }, ids: [] })).toEqual([
      'INVALID_TYPE /filter/status: filter.status must be a text.',
      'OUT_OF_RANGE /ids: ids must not be empty.',
      expect.stringMatching(/^UNKNOWN_FIELD .filter.a~1b: filter.a.b is not a known field: there are chain_type,/),
      expect.stringMatching(/^UNKNOWN_FIELD .filter.hasOwnProperty: .* is not a known field: /),
    ]);
    for (const filter of [null, 'x', [], [{}]]) {
      expect(await faultsOf(BulkBodyDto, { filter })).toEqual(['INVALID_TYPE /filter: filter must be an object.']);
    }
    expect(await faultsOf(BulkBodyDto, { filter: {} })).toEqual([
      'OUT_OF_RANGE /filter: filter must have at least 1 field.',
    ]);
    const many = await faultsOf(RetryBodyDto, { from: Array(5_000).fill(1) });
    expect(many).toHaveLength(101);
  });

  it('counts characters as the database does, and fields', async () => {
    const name = 'a\ufe0f'.repeat(200);
    expect(await faultsOf(NewKeyDto, { name, role: 'author' })).toEqual([
      'OUT_OF_RANGE /name: name must have at most 255 characters.',
    ]);
    const fits = { name: '😀'.repeat(255), role: 'author' };
    expect(await read(NewKeyDto, fits)).toBe(fits);
    const wide = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, 1]));
    expect(await faultsOf(NewKeyDto, wide)).toEqual(['UNKNOWN_FIELD : It has more than 100 fields.']);
    expect(await faultsOf(TenantChangeDto, {})).toEqual(['OUT_OF_RANGE : the body must have at least 1 field.']);
    expect(await faultsOf(NewTenantDto, { tenant_id: 'A', weight: null })).toEqual([
      'INVALID_FORMAT /tenant_id: tenant_id must begin with a-z or 0-9 and may hold a-z, 0-9 and _ - only, 64 characters at most.',
      'INVALID_TYPE /weight: weight must be a whole number.',
      'REQUIRED /name: name is missing.',
    ]);
  });

  it('refuses events that no webhook gets', async () => {
    for (const url of ['ftp://a.example', 'nonsense', 7, null, `https://a.example/${'x'.repeat(2_048)}`]) {
      expect(await faultsOf(NewWebhookDto, { url })).toEqual([
        'INVALID_VALUE /url: url must be an http or https address of at most 2,048 characters.',
      ]);
    }
    expect(await faultsOf(NewWebhookDto, { url: 'https://u:p@a.example', events: ['chain.x'] })).toEqual([
      'INVALID_VALUE /events: events must be a list of any of chain.success, chain.failure, chain.cancelled, chain.approval, chain.sign_off, chain.held, task.failure.',
      'INVALID_VALUE /url: url must hold no credentials: messages are signed.',
    ]);
  });
});
