/**
 * The curve FourQ (Costello, Longa 2015), as a reference: -x^2 + y^2 = 1 + d x^2 y^2 over the field of a + bi with a, b below 2^127 - 1. It has 392 times as many
 * points as its subgroup of prime order, and where a point lies among those is what a secret factor would not hide.
 */
const P = 2n ** 127n - 1n;
const ORDER = 0x29cbc14e5e0a72f05397829cbc14e5dfbd004dfe0f79992fb2540ec7768ce7n;

type Field = readonly [bigint, bigint];
type Point = readonly [x: Field, y: Field];

const D: Field = [4205857648805777768770n, 125317048443780598345676279555970305165n];
const ONE: Field = [1n, 0n];
const NEUTRAL: Point = [[0n, 0n], ONE];

const mod = (a: bigint): bigint => ((a % P) + P) % P;
const plus = (a: Field, b: Field): Field => [mod(a[0] + b[0]), mod(a[1] + b[1])];
const minus = (a: Field, b: Field): Field => [mod(a[0] - b[0]), mod(a[1] - b[1])];
const times = (a: Field, b: Field): Field => [mod(a[0] * b[0] - a[1] * b[1]), mod(a[0] * b[1] + a[1] * b[0])];
const same = (a: Field, b: Field): boolean => a[0] === b[0] && a[1] === b[1];
const norm = ([a, b]: Field): bigint => mod(a * a + b * b);

function power(base: bigint, exponent: bigint): bigint {
  let product = 1n;
  for (let left = exponent, square = base; left > 0n; left >>= 1n, square = (square * square) % P)
    if (left & 1n) product = (product * square) % P;
  return product;
}

const inverse = (a: bigint): bigint => power(a, P - 2n);
const over = (a: Field, b: Field): Field => {
  const scale = inverse(norm(b));
  return times(a, [mod(b[0] * scale), mod(-b[1] * scale)]);
};

/** Undefined for what is no square. */
function rootOf(square: Field): Field | undefined {
  const length = power(norm(square), (P + 1n) / 4n);
  for (const half of [mod((square[0] + length) * inverse(2n)), mod((square[0] - length) * inverse(2n))]) {
    const a = power(half, (P + 1n) / 4n);
    const root: Field = [a, mod(square[1] * inverse(mod(2n * a)))];
    if (same(times(root, root), square)) return root;
  }
  return undefined;
}

function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const bend = times(D, times(times(x1, x2), times(y1, y2)));
  return [
    over(plus(times(x1, y2), times(y1, x2)), plus(ONE, bend)),
    over(plus(times(y1, y2), times(x1, x2)), minus(ONE, bend)),
  ];
}

/** A point of 32 bytes, but for the sign of x; undefined for bytes that are none. */
export function fourqPoint(bytes: Buffer): Point | undefined {
  const word = (at: number): bigint => bytes.readBigUInt64LE(at) + (bytes.readBigUInt64LE(at + 8) << 64n);
  const y: Field = [word(0), word(16) & P];
  if (y[0] >= P) return undefined;
  const square = times(y, y);
  const x = rootOf(over(minus(square, ONE), plus(times(D, square), ONE)));
  return x && [x, y];
}

/** Whether nothing but a secret factor tells the point from others: its order is the prime. */
export function isOfPrimeOrder(point: Point): boolean {
  let sum = NEUTRAL;
  for (let left = ORDER, double = point; left > 0n; left >>= 1n, double = add(double, double))
    if (left & 1n) sum = add(sum, double);
  return same(sum[0], NEUTRAL[0]) && same(sum[1], NEUTRAL[1]);
}
