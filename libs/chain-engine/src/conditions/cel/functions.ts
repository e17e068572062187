import { celFunc, CelScalar, celListConcat, celMethod, listType, type CelFunc } from '@bufbuild/cel';
import { charge } from './budget.js';

/** Elements of a list that an expression makes itself, at most. */
const MAX_MADE_LIST = 1_000;
const MAX_MADE_TEXT = 256 * 1024;

/** Put around the condition of each macro's loop: pays for one round. */
export const STEP = '@step';

const { BOOL, BYTES, DOUBLE, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);

/** Arithmetic between a JSON number, which is a double, and a whole number of the expression. */
const mixed = (
  [
    ['_+_', (a, b) => a + b],
    ['_-_', (a, b) => a - b],
    ['_*_', (a, b) => a * b],
    ['_/_', (a, b) => a / b],
  ] as [string, (a: number, b: number) => number][]
).flatMap(([name, work]) => [
  celFunc(name, [DOUBLE, INT], DOUBLE, (a, b) => work(a, Number(b))),
  celFunc(name, [INT, DOUBLE], DOUBLE, (a, b) => work(Number(a), b)),
]);

/** Functions added to CEL, and replacements for those without a bound on size or cost. */
export const functions: CelFunc[] = [
  ...mixed,
  celFunc(STEP, [BOOL, INT], BOOL, (goOn, steps) => {
    charge(Number(steps));
    return goOn;
  }),
  celFunc('_+_', [LIST, LIST], LIST, (a, b) => {
    if (a.size + b.size > MAX_MADE_LIST) {
      throw new Error(`a list made by +, map() or filter() has at most ${MAX_MADE_LIST} elements`);
    }
    return celListConcat(a, b);
  }),
  celFunc('_+_', [STRING, STRING], STRING, (a, b) => {
    if (a.length + b.length > MAX_MADE_TEXT) throw new Error('a text made by + is too long');
    return a + b;
  }),
  celFunc('_+_', [BYTES, BYTES], BYTES, (a, b) => {
    if (a.length + b.length > MAX_MADE_TEXT) throw new Error('bytes made by + are too many');
    charge((a.length + b.length) >> 4);
    return Uint8Array.of(...a, ...b);
  }),
  celFunc('size', [STRING], INT, textSize),
  celMethod('size', STRING, [], INT, function () {
    return textSize(this);
  }),
];

function textSize(text: string): bigint {
  charge(1 + (text.length >> 4));
  return BigInt([...text].length);
}

const OPERATORS = '_+_ _-_ _*_ _/_ _%_ -_ !_ _&&_ _||_ _?_:_ _==_ _!=_ _<_ _<=_ _>_ _>=_ @in _[_] @not_strictly_false';
const NAMED =
  'size contains startsWith endsWith int uint double string bool bytes dyn type timestamp duration ' +
  'getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds';

/** Functions that an expression may call. `matches` is not among them: nothing would bound its cost. */
export const callable: ReadonlySet<string> = new Set(`${OPERATORS} ${NAMED}`.split(' '));
/** The names of types, which are values in CEL. */
export const typeNames: ReadonlySet<string> = new Set(
  'bool int uint double string bytes list map null_type type'.split(' '),
);
/** For a message: what may be called. */
export const callableNames = `${NAMED.split(' ').slice(0, 11).join(', ')} and the macros has, all, exists, exists_one, map, filter`;
