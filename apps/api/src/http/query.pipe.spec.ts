import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { AuditQueryDto } from '../audit/audit.dto.js';
import { ListChainsQueryDto } from '../chains/list-chains-query.dto.js';
import { MetricsQueryDto, secondsOf } from '../metrics/metrics.dto.js';
import { LogQueryDto } from '../tasks/tasks.dto.js';
import { RemovalQueryDto } from './dry-run-query.dto.js';
import { Problem } from './problem.js';
import { QueryPipe, readQuery, type QueryDto } from './query.pipe.js';

function problemOf(dto: QueryDto<object>, query: object): Problem {
  try {
    readQuery(dto, query);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).code).toBe('INVALID_QUERY');
    return error as Problem;
  }
  throw new Error('no fault was found');
}
const faultsOf = (dto: QueryDto<object>, query: object): string[] =>
  problemOf(dto, query).errors.map(({ pointer, message }) => `${pointer}: ${message}`);

describe('the pipe of queries', () => {
  it('reads each field as its type', () => {
    const query = { status: 'RUNNING,PENDING', created_from: '2026-01-31T12:00:00+02:00', page: '2', page_size: '50' };
    expect({ ...readQuery(ListChainsQueryDto, query) }).toEqual({
      status: ['RUNNING', 'PENDING'],
      created_from: '2026-01-31T10:00:00.000Z',
      page: 2,
      page_size: 50,
    });
    expect(readQuery(ListChainsQueryDto, { status: ['RUNNING', 'FAILURE'] }).status).toEqual(['RUNNING', 'FAILURE']);
    const flags = ['true', '', 'false', undefined].map((text) => readQuery(RemovalQueryDto, { dry_run: text }).dry_run);
    expect(flags).toEqual([true, true, false, undefined]);
  });

  it('takes an empty text for an absent one, and an empty number for a fault', () => {
    expect(readQuery(ListChainsQueryDto, { q: '', status: '', cursor: '', created_to: '' })).toEqual({});
    expect(faultsOf(LogQueryDto, { limit: '' })).toEqual(['/limit: A whole number from 1 to 1000.']);
  });

  it('names the value that is not allowed, and those that are', () => {
    const none = '"OPEN" is not one of PENDING, RUNNING, PAUSED, SUCCESS, FAILURE, CANCELLED.';
    expect(faultsOf(ListChainsQueryDto, { status: 'RUNNING,OPEN' })).toEqual([`/status: ${none}`]);
    expect(faultsOf(ListChainsQueryDto, { sort: 'size' })).toEqual([
      expect.stringMatching(/^\/sort: "size" is not one of /),
    ]);
  });

  it('reports all faults at once', () => {
    expect(problemOf(ListChainsQueryDto, { page: '0' }).message).toBe('page: A whole number from 1 to 10000.');
    const problem = problemOf(ListChainsQueryDto, { page: '0', sort: ['a', 'b'], q: 'x\0' });
    expect(problem.message).toBe("3 of the query's parameters are wrong: see errors");
    expect(problem.errors.map(({ code, pointer }) => `${code} ${pointer}`).sort()).toEqual([
      'INVALID_VALUE /page',
      'INVALID_VALUE /q',
      'INVALID_VALUE /sort',
    ]);
    expect(readQuery(ListChainsQueryDto, { page: '101', page_size: '100' }).page).toBe(101);
    expect(faultsOf(ListChainsQueryDto, { page: '102', page_size: '100' })).toHaveLength(1);
  });

  it('refuses unknown parameters where the DTO says so, and ignores them elsewhere', () => {
    const hostile = Object.fromEntries([['__proto__', '1']]);
    for (const query of [{ toString: '1' }, { constructor: '1' }, hostile]) {
      const [name] = Object.keys(query);
      expect(faultsOf(AuditQueryDto, query)).toEqual([
        `/${name}: There is no parameter "${name}"; there are actor, action, target, from, to, before, platform, limit.`,
      ]);
      expect(readQuery(LogQueryDto, { ...query, after: '7' })).toEqual({ after: 7 });
    }
  });

  it('refuses days that do not exist, the year 0 included', () => {
    for (const created_from of ['0000-01-01', '2026-02-30', '2026-13-01']) {
      expect(faultsOf(ListChainsQueryDto, { created_from })).toHaveLength(1);
    }
    expect(readQuery(ListChainsQueryDto, { created_from: '0001-01-01' }).created_from).toBe('0001-01-01T00:00:00.000Z');
  });

  it('quotes at most 80 characters of an unknown name', () => {
    const { message } = problemOf(AuditQueryDto, { ['x'.repeat(81)]: '1' }).errors[0]!;
    expect(message).toContain(`no parameter "${'x'.repeat(80)}";`);
  });

  it('refuses windows that are longer than a year', () => {
    expect(secondsOf(readQuery(MetricsQueryDto, { window: '366d' }).window)).toBe(366 * 86_400);
    for (const window of ['367d', '0h', '1y', ['1h', '2h']]) {
      expect(faultsOf(MetricsQueryDto, { window })[0]).toMatch(/^\/window: Minutes, hours or days/);
    }
  });

  it('looks only at queries that have a DTO', () => {
    const pipe = new QueryPipe();
    const query = { limit: 'x' };
    expect(pipe.transform(query, { type: 'body', metatype: LogQueryDto, data: undefined })).toBe(query);
    expect(pipe.transform(query, { type: 'query', metatype: Object, data: undefined })).toBe(query);
  });
});
