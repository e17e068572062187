import { appendFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { checkTaskParams } from '../catalogue/check-params.js';
import type { CrossedMessage } from '../party/run-parties.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { JsonObject, TaskFailure, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { ColumnCheck } from './column-check.js';
import { RepeatedValues } from './repeated-values.js';
import type { ColumnRule } from './validation-config.js';
import { runValidation } from './validation-run.js';

let folder: TestFolder;
const MORE = Array.from({ length: 100 }, (_, at) => `${1000 + at},30,f\r\n`).join('');
beforeAll(async () => {
  folder = await testFolder();
  await folder.table('alice', 'good.csv', 'id,age,sex,ok\n1,30,f,true\n2,41,m,False\n3,,f,1\n');
  await folder.table('bob', 'good.csv', 'id,age\n7,50\n8,51\n9,52\n');
  await folder.table(
    'alice',
    'bad.csv',
    `\uFEFFid,age,sex\r\n1,30,f\r\n1,1.5,x\r\n2,abc,"f"\r\n,200,m\r\n4,-1,\r\n${MORE}`,
  );
});
afterAll(() => folder.remove());

const rules: Record<string, ColumnRule> = {
  id: { type: 'integer', required: true, unique: true },
  age: { type: 'integer', min: 0, max: 120 },
};
const validate = (config: JsonObject, more: Partial<TaskRun> = {}): Promise<TaskRunResult> =>
  runTask('validation', folder.run(config, more));
const failureOf = async (config: JsonObject, more: Partial<TaskRun> = {}): Promise<TaskFailure> =>
  (await validate(config, more).catch((error: unknown) => error)) as TaskFailure;

describe('validation', () => {
  test('passes tables that are as they should be, also without a column that may be absent', async () => {
    const config = {
      input_data: { alice: 'good.csv', bob: 'good.csv' },
      schema: { ...rules, sex: { enum: ['f', 'm'] }, ok: { type: 'boolean' } },
      rows: { min: 3, max: 3, equal: true },
    };
    const { result, artifacts, partyResults } = await validate(config as JsonObject);
    expect(result).toEqual({
      valid: true,
      rows: { alice: 0, bob: 0 },
      columns_checked: { alice: 4, bob: 2 },
      output_reports: {
        alice: 'artifact:chain-1/task-1/alice/validation.json',
        bob: 'artifact:chain-1/task-1/bob/validation.json',
      },
    });
    expect(artifacts.map(({ name }) => name)).toEqual(['alice/validation.json', 'bob/validation.json']);
    expect(partyResults).toEqual({ alice: { value: { rows: 3 } }, bob: { value: { rows: 3 } } });
    expect((await validate(config as JsonObject)).artifacts).toEqual(artifacts);
  });

  test('fails with every finding, and says the rows to their party alone', async () => {
    const config = {
      input_data: { alice: 'bad.csv', bob: 'good.csv' },
      schema: { ...rules, sex: { required: true, enum: ['f', 'm'] } },
      party_schemas: { bob: { sex: { required: true } } },
      rows: { max: 4, equal: true },
    };
    const failure = await failureOf(config as JsonObject, { taskId: 'bad' });
    const few = { count: null, extent: 'under 20 rows' };
    const rows = { count: null, extent: '100 to 119 rows' };
    const found = [
      { party: 'alice', column: 'id', rule: 'required', ...few },
      { party: 'alice', column: 'id', rule: 'unique', ...few },
      { party: 'alice', column: 'age', rule: 'type', ...few },
      { party: 'alice', column: 'age', rule: 'max', ...few },
      { party: 'alice', column: 'age', rule: 'min', ...few },
      { party: 'alice', column: 'sex', rule: 'enum', ...few },
      { party: 'alice', column: 'sex', rule: 'required', ...few },
      { party: 'alice', rule: 'rows.max', ...rows },
      { party: 'alice', rule: 'rows.equal', ...rows },
      { party: 'bob', column: 'sex', rule: 'required', count: null, extent: 'the column is not there' },
      { party: 'bob', rule: 'rows.equal', count: null, extent: '0 to 19 rows' },
    ];
    expect(failure).toMatchObject({ code: 'VALIDATION_FAILED', retryable: false });
    expect(failure.details).toMatchObject({ findings: found, findings_total: 11 });
    expect(failure.message).toContain('alice\'s column "id" breaks "unique" (under 20 rows);');
    expect(failure.message).toContain('and 1 more');
    expect(`${failure.message}${JSON.stringify(failure.details)}`).not.toMatch(/abc|200|"x"|1\.5/);
    const report = JSON.parse(await folder.text('', 'artifact:chain-1/bad/alice/validation.json')) as JsonObject;
    expect(report.findings).toContainEqual({ column: 'age', rule: 'type', count: 2, rows: [2, 3] });
    expect(report.findings).toContainEqual({ column: 'id', rule: 'unique', count: 1, rows: [2] });
    expect(report.findings).toContainEqual({ rule: 'rows.equal', count: 105 });
    expect(await folder.temporaries()).toEqual([]);
  });

  test('lets nothing cross between the parties, and to compare numbers of rows blinded points alone', async () => {
    const crossed: CrossedMessage[] = [];
    const config = { input_data: { alice: 'good.csv', bob: 'good.csv' }, schema: rules };
    await runValidation(folder.run(config), (message) => crossed.push(message));
    expect(crossed).toEqual([]);
    await runValidation(folder.run({ ...config, rows: { equal: true } }), (message) => crossed.push(message));
    expect(crossed.map(({ from, bytes }) => [from, bytes]).sort()).toEqual(
      ['alice', 'alice', 'bob', 'bob'].map((party) => [party, 33]),
    );
    // The same number twice, and no two points alike: none is the number's own.
    const points = crossed.map(({ body }) => Buffer.from(body as Uint8Array).toString('hex'));
    expect(new Set(points.map((point) => point.slice(2))).size).toBe(3);
  });

  test('reads quoted line breaks, Chinese, ten thousand columns and no row at all', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `列${at}`);
    await folder.table(
      'alice',
      'wide.csv',
      `${names.join(',')}\n${`${names.map((_, at) => at).join(',')}\n`.repeat(2)}`,
    );
    const wide = Object.fromEntries(names.map((name) => [name, { type: 'integer', required: true }]));
    const { result } = await validate({ input_data: { alice: 'wide.csv' }, schema: wide });
    expect(result.columns_checked).toEqual({ alice: 10_000 });
    await folder.table('alice', 'quoted.csv', '名字,n\n"张\n三",1\n李四,2\n');
    const schema = { 名字: { enum: ['张\n三', '李四'] }, n: { type: 'integer', unique: true } };
    expect((await validate({ input_data: { alice: 'quoted.csv' }, schema })).result.valid).toBe(true);
    await folder.table('alice', 'header.csv', 'id\n');
    const none = await failureOf({ input_data: { alice: 'header.csv' }, schema: { id: {} }, rows: { min: 1 } });
    expect(none.details.findings).toMatchObject([{ party: 'alice', rule: 'rows.min', extent: '0 to 19 rows' }]);
  });

  test('fails on files as every type does, and ends on a cancel', async () => {
    const of = (alice: string): JsonObject => ({ input_data: { alice }, rows: { min: 1 } });
    await folder.table('alice', 'ragged.csv', 'a,b\n1\n');
    expect(await failureOf(of('none.csv'))).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await failureOf(of('ragged.csv'))).toMatchObject({ code: 'CSV_MALFORMED' });
    expect(await failureOf(of('../bob/good.csv'))).toMatchObject({ code: 'PATH_OUTSIDE_ROOT' });
    await folder.table('alice', 'long.csv', `a\n${'1\n'.repeat(300_000)}`);
    const stop = new AbortController();
    const progress = (fraction: number): void => {
      if (fraction > 0.1) stop.abort(new Error('cancelled'));
    };
    await expect(validate(of('long.csv'), { signal: stop.signal, progress })).rejects.toThrow('cancelled');
    expect(await folder.temporaries()).toEqual([]);
  });

  test('reads Parquet', async () => {
    await folder.table(
      'alice',
      't.parquet',
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [{ name: 'n', data: [1, 2, 2, ...Array.from({ length: 17 }, (_, at) => at + 3)] }],
        }),
      ),
    );
    const config = { input_data: { alice: 't.parquet' }, schema: { n: { type: 'integer', max: 19, required: true } } };
    expect((await validate(config)).result).toMatchObject({ valid: true, rows: { alice: 20 } });
    const twice = await failureOf({ ...config, schema: { n: { unique: true } } });
    expect(twice.details.findings).toMatchObject([{ party: 'alice', column: 'n', rule: 'unique', count: null }]);
  });

  test('tells of a table that changes while it is read, rather than of the rows of half of it', async () => {
    await folder.table('alice', 'moving.csv', `a\n${'1\n'.repeat(1_000_000)}`);
    const file = join(folder.path, 'data/alice/moving.csv');
    let written = false;
    const progress = (_: number, stage: string): void => {
      if (stage !== 'checking' || written) return;
      written = true;
      appendFileSync(file, '2\n');
    };
    const failure = await failureOf({ input_data: { alice: 'moving.csv' }, rows: { min: 1 } }, { progress });
    expect(failure).toMatchObject({ code: 'INPUT_CHANGED', retryable: true });
  });

  test('refuses rules that cannot be', () => {
    const pointers = (config: JsonObject): string[] =>
      checkTaskParams('validation', {
        sf_init_config: { parties: ['alice', 'bob'] },
        task_config: { input_data: { alice: 'a.csv', bob: 'b.csv' }, ...config },
      }).map(({ pointer }) => pointer);
    expect(pointers({ schema: { a: { type: 'number', min: 0 } } })).toEqual([]);
    expect(pointers({})).toEqual(['/task_config/schema']);
    expect(pointers({ schema: { 'a/b': { min: 0 } } })).toEqual(['/task_config/schema/a~1b']);
    expect(pointers({ schema: { a: { type: 'integer', min: 2, max: 1 } } })).toEqual(['/task_config/schema/a']);
    expect(pointers({ party_schemas: { bob: { a: { type: 'string', max: 1 } } } })).toEqual([
      '/task_config/party_schemas/bob/a',
    ]);
    expect(pointers({ schema: { a: { pattern: '.*' } } })).toEqual(['/task_config/schema/a/pattern']);
    expect(pointers({ schema: { a: { type: 'date' } } })).toEqual(['/task_config/schema/a/type']);
    expect(pointers({ rows: { min: 2, max: 1 } })).toEqual(['/task_config/rows/min']);
    expect(pointers({ party_schemas: { carol: { a: {} } } })).toEqual(['/task_config/party_schemas/carol']);
  });
});

describe('whoever chooses the rules', () => {
  const salaries = Array.from({ length: 200 }, (_, row) => 30_000 + 331 * row);
  const answerTo = async (values: readonly number[], rule: ColumnRule): Promise<string> => {
    await folder.table('alice', 'salaries.csv', ['salary', ...values, ''].join('\n'));
    const config = { input_data: { alice: 'salaries.csv' }, schema: { salary: { type: 'number', ...rule } } };
    const failure = await validate(config as JsonObject).then(
      () => undefined,
      (error: unknown) => error as TaskFailure,
    );
    return failure === undefined ? 'valid' : `${failure.message}${JSON.stringify(failure.details)}`;
  };

  test('does not count rows: one more or less that breaks a rule makes no difference', async () => {
    const guesses: [string, ColumnRule, ColumnRule][] = [
      ['a person', { enum: [salaries[7]!] }, { enum: [1] }],
      ['a group of 3', { enum: salaries.slice(3, 6) }, { enum: [1] }],
      ['a narrow range', { min: salaries[7]!, max: salaries[7]! }, { min: salaries[7]! + 1, max: salaries[7]! + 1 }],
      ['rows of 1 to 19', { max: salaries[198]! }, { max: salaries[180]! }],
    ];
    for (const [, one, other] of guesses) expect(await answerTo(salaries, one)).toBe(await answerTo(salaries, other));
    expect(await answerTo(salaries, { max: salaries[180]! })).toContain('under 20 rows');
    expect(await answerTo(salaries, { max: salaries[178]! })).toContain('10 to 20 % of the rows');
    // As many rows of 200 or of 205.
    const more = [...salaries, 1, 2, 3, 4, 5];
    expect(await answerTo(more, { enum: [7] })).toBe(await answerTo(salaries, { enum: [7] }));
  });

  test('finds the largest value by one bit a task, as the page says', async () => {
    let [low, high, tasks] = [0, 2 ** 17, 0];
    while (high - low > 1) {
      const middle = (low + high) / 2;
      tasks += 1;
      if ((await answerTo(salaries, { max: middle })) === 'valid') high = middle;
      else low = middle;
    }
    expect([high, tasks]).toEqual([salaries.at(-1), 17]);
  });
});

describe('a table of few rows', () => {
  const codes = (rows: number): string => `y\n${Array.from({ length: rows }, (_, row) => row % 2).join('\n')}\n`;
  const findingsOf = async (rows: number, schema: JsonObject): Promise<unknown> => {
    await folder.table('alice', 'codes.csv', codes(rows));
    return (await failureOf({ input_data: { alice: 'codes.csv' }, schema })).details.findings;
  };
  const rule = { type: 'number', max: 0, enum: [0] };

  test('shows others how far a column of few values breaks rules as half a bit a row allows, or which, or no more', async () => {
    expect(await findingsOf(50, { y: rule })).toMatchObject([
      { column: 'y', rule: 'max', extent: '50 to 60 % of the rows' },
      { column: 'y', rule: 'enum', extent: '50 to 60 % of the rows' },
    ]);
    // 12 bits for three rules are more than half of 23.
    expect(await findingsOf(48, { y: rule })).toMatchObject([
      { column: 'y', rule: 'max', extent: 'in how many rows is withheld' },
      { column: 'y', rule: 'enum', extent: 'in how many rows is withheld' },
    ]);
    const none = await findingsOf(13, { y: rule, z: { required: true } });
    expect(none).toMatchObject([
      { party: 'alice', rule: 'withheld', extent: expect.stringMatching(/half a bit/) as unknown },
      { column: 'z', rule: 'required', extent: 'the column is not there' },
    ]);
    expect(JSON.stringify(none)).not.toContain('"y"');
    await folder.table('alice', 'codes.csv', codes(1));
    expect(await failureOf({ input_data: { alice: 'codes.csv' }, schema: { y: rule } })).toMatchObject({
      code: 'BUDGET_EXHAUSTED',
    });
  });
});

describe('a column check', () => {
  test('counts what plain filters count', () => {
    const anyRule = fc.record({
      type: fc.constantFrom('integer' as const, 'number' as const),
      required: fc.boolean(),
      min: fc.integer({ min: -5, max: 0 }),
      max: fc.integer({ min: 1, max: 5 }),
    });
    const anyField = fc.constantFrom('', 'NA', '-9', '-3', '0', '0.0', '1', '1.0', '2.5', '7', 'x', '1e1', ' 3 ');
    fc.assert(
      fc.property(anyRule, fc.array(anyField, { maxLength: 40 }), (rule, fields) => {
        const check = new ColumnCheck(rule);
        fields.forEach((field, at) => check.observe(field, at + 1));
        const there = fields.filter((field) => field !== '' && field !== 'NA');
        const typed = there.filter((field) =>
          rule.type === 'integer'
            ? Number.isInteger(Number(field)) && !/[.e]/.test(field)
            : !Number.isNaN(Number(field)),
        );
        const counts = {
          required: rule.required ? fields.length - there.length : 0,
          type: there.length - typed.length,
          min: typed.filter((field) => Number(field) < rule.min).length,
          max: typed.filter((field) => Number(field) > rule.max).length,
        };
        const found = Object.fromEntries(check.findings().map((finding) => [finding.rule, finding.count]));
        expect({ required: 0, type: 0, min: 0, max: 0, ...found }).toEqual(counts);
      }),
    );
  });

  test('takes numbers for equal that are, and texts for different', () => {
    const count = (rule: ColumnRule, fields: string[]): number => {
      const check = new ColumnCheck(rule);
      fields.forEach((field, at) => check.observe(field, at + 1));
      return check.findings().reduce((sum, finding) => sum + finding.count, 0);
    };
    expect(count({ type: 'number', enum: [1, 2] }, ['1.0', '2', '1e0'])).toBe(0);
    expect(count({ enum: ['1', '2'] }, ['1.0', '2'])).toBe(1);
    expect(count({ type: 'boolean', enum: [true] }, ['TRUE', 'true', 'false'])).toBe(1);
  });
});

describe('repeated values', () => {
  /** Repeated rows by column, in order, and the bytes that went to the scratch file. */
  async function repeatsOf(columns: readonly (readonly string[])[]): Promise<{ rows: number[][]; bytes: number }> {
    const path = join(folder.path, 'scratch');
    let scratch: FileHandle | undefined;
    const repeated = new RepeatedValues(async () => (scratch = await open(path, 'w+')));
    const rows: number[][] = columns.map(() => []);
    try {
      for (const [column, values] of columns.entries()) {
        for (const [at, value] of values.entries()) repeated.add(column, value, at + 1);
        await repeated.spill();
      }
      await repeated.find((column, row) => rows[column]!.push(row));
      const bytes = scratch ? (await scratch.stat()).size : 0;
      return { rows: rows.map((each) => each.sort((a, b) => a - b)), bytes };
    } finally {
      await repeated.close();
    }
  }
  const plain = (values: readonly string[]): number[] => {
    const seen = new Set<string>();
    return values.flatMap((value, at) => (seen.size === seen.add(value).size ? [at + 1] : []));
  };

  test('are those of a plain set, column by column', async () => {
    const values = fc.array(fc.oneof(fc.constantFrom('1', '1.0', ' 1', '张', 'a'), fc.string()), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(values, { maxLength: 4 }), async (columns) => {
        expect(await repeatsOf(columns)).toEqual({ rows: columns.map(plain), bytes: 0 });
      }),
    );
  });

  test('are the same from the scratch file, which takes what memory is not to hold', async () => {
    const values = Array.from({ length: 1_200_000 }, (_, at) => String(at < 1_199_000 ? at : at % 1000));
    values[700_000] = '3';
    const { rows, bytes } = await repeatsOf([values, values.slice(0, 100)]);
    expect(rows).toEqual([plain(values), []]);
    expect(bytes).toBeGreaterThan(1_200_000 * 28 - 256 * 2048 * 28);
  });
});
