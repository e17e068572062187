import fc, { type Arbitrary } from 'fast-check';
import { changedText, changedValue } from './changes.js';
import { OPERATIONS, type Operation } from './operations.js';
import { CHAIN, DELIVERY, hostileText, KEY, TASK, valueOf, WEBHOOK } from './values.js';

/** A request as it goes over the wire, but for ids that only the campaign knows. */
export interface FuzzRequest {
  readonly operation: string;
  readonly method: string;
  /** Path and query: Latin-1. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
}

function requestOf(operation: Operation): Arbitrary<FuzzRequest> {
  return fc
    .record({
      method: mostly(20, fc.constant(operation.method), fc.constantFrom(...METHODS)),
      path: pathOf(operation),
      query: queryOf(operation),
      headers: headersOf(operation),
      body: bodyOf(operation),
    })
    .map(({ method, path, query, headers, body }) => ({
      operation: operation.id,
      method,
      target: query === '' ? path : `${path}?${query}`,
      headers,
      body,
    }));
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'BREW'];

const mostly = <T>(weight: number, usual: Arbitrary<T>, odd: Arbitrary<T>): Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd });

const KNOWN: Readonly<Record<string, string>> = {
  chain_id: CHAIN,
  task_id: TASK,
  webhook_id: WEBHOOK,
  delivery_id: DELIVERY,
  key_id: KEY,
  path: 'report.html',
};

/** The path with an id in each place; now and then a hostile one, encoded or bare, or bent as a whole. */
function pathOf({ path }: Operation): Arbitrary<string> {
  const parts = path.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return fc.constant(part);
    return mostly(4, fc.constant(KNOWN[name] ?? 'x'), mostly(3, hostileText.map(encoded), hostileText.map(bare)));
  });
  const bends = ['/', '//', '/..', '/%2e%2e/', ';x=1', '%', '%zz', '%00', '/__proto__', '\xff', '#x', '%E0%A4%A'];
  return fc
    .tuple(fc.tuple(...parts), mostly(15, fc.constant(''), fc.constantFrom(...bends)))
    .map(([made, bend]) => made.join('') + bend);
}

/** Half a surrogate pair becomes U+FFFD. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

/** What a request line can carry: no white space, no controls, one byte a character. */
const bare = (text: string): string => text.replaceAll(/[^\x21-\xff]/g, '?').slice(0, 3_000);

function queryOf({ parameters }: Operation): Arbitrary<string> {
  const declared = parameters.filter((parameter) => parameter.in === 'query');
  const pairs = declared.map(({ name, schema }) => {
    const value = fc.oneof(
      valueOf(schema).map((each) => encoded(String(each))),
      hostileText.map(encoded),
      hostileText.map(bare),
    );
    return fc.option(
      value.map((text) => `${name}=${text}`),
      { nil: '', freq: 2 },
    );
  });
  const junk = fc
    .tuple(
      fc.constantFrom('x', '__proto__', 'status', 'status[]', 'status[a]', 'page', 'dry_run', '%', ''),
      hostileText,
    )
    .map(([name, text]) => `${name}=${bare(text)}`);
  return fc
    .tuple(fc.tuple(...pairs), mostly(6, fc.constant(''), junk), mostly(8, fc.constant(1), fc.constant(2)))
    .map(([made, odd, times]) => {
      const all = [...made, odd].filter((pair) => pair !== '').join('&');
      return times === 1 ? all : `${all}&${all}`;
    });
}

const TYPES = [
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data',
  'application/json;;',
  '',
  '*/*',
  'application/x-www-form-urlencoded',
];
const HEADERS = [
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Range',
  'Accept',
  'Accept-Encoding',
  'X-Request-Id',
  'X-Forwarded-For',
  'X-HTTP-Method-Override',
  'Idempotency-Key',
  'Origin',
  'Cookie',
  'Expect',
  'traceparent',
  'Authorization',
  'Content-Encoding',
];

/** What a header can carry. */
const field = (text: string): string => text.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '?').slice(0, 4_000);

function headersOf({ parameters }: Operation): Arbitrary<[string, string][]> {
  const declared = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  const known = declared.map((name) =>
    fc.option(
      fc
        .oneof(fc.stringMatching(/^[a-z]{1,12}$/), hostileText.map(field))
        .map((value): [string, string] => [name, value]),
      { nil: undefined, freq: 1 },
    ),
  );
  const type = mostly(15, fc.constant('application/json'), fc.constantFrom(...TYPES));
  const odd = fc.tuple(fc.constantFrom(...HEADERS), hostileText.map(field));
  return fc
    .tuple(type, fc.tuple(...known), fc.option(odd, { nil: undefined, freq: 3 }))
    .map(([contentType, made, more]) => [
      ['Content-Type', contentType],
      ...[...made, more].filter((each) => each !== undefined),
    ]);
}

/** A body that the schema allows, one with a change, or one that is no JSON any more. Of an operation without a body now and then any. */
function bodyOf({ body }: Operation): Arbitrary<string | undefined> {
  if (body === undefined) return mostly(12, fc.constant(undefined), hostileText);
  const good = valueOf(body);
  const text = fc.oneof(
    { weight: 3, arbitrary: good.map((value) => JSON.stringify(value)) },
    { weight: 4, arbitrary: changedValue(good).map((value) => JSON.stringify(value)) },
    { weight: 3, arbitrary: changedText(good.map((value) => JSON.stringify(value))) },
  );
  return mostly(20, text, fc.constant(undefined));
}

/** Requests of all operations: those that make something, whose bodies have the most to read, come more often than the others. */
export const anyRequest: Arbitrary<FuzzRequest> = fc.oneof(
  ...OPERATIONS.map((operation) => ({
    weight: operation.method === 'POST' && !operation.path.includes('{') ? 3 : 1,
    arbitrary: requestOf(operation),
  })),
);
