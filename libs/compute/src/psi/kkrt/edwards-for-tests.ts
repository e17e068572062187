/** The group of edwards25519 (RFC 8032, section 5.1) in plain big numbers: slow, and independent of libsodium. */
const P = 2n ** 255n - 19n;
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const mod = (value: bigint): bigint => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) result = (result * base) % P;
    base = (base * base) % P;
  }
  return result;
}
const inverse = (value: bigint): bigint => power(mod(value), P - 2n);

const D = mod(-121665n * inverse(121666n));
const ROOT = power(2n, (P - 1n) / 4n);

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export function add(a: Point, b: Point): Point {
  const cross = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + cross)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - cross)),
  };
}

export const negative = ({ x, y }: Point): Point => ({ x: mod(-x), y });

export function times(scalar: bigint, point: Point): Point {
  let result: Point = { x: 0n, y: 1n };
  for (let bits = scalar; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) result = add(result, point);
    point = add(point, point);
  }
  return result;
}

export const numberOf = (littleEndian: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(littleEndian).reverse().toString('hex')}`);

export function decode(bytes: Uint8Array): Point {
  const number = numberOf(bytes);
  const y = number & (2n ** 255n - 1n);
  const [above, below] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  let x = mod(above * power(below, 3n) * power(mod(above * power(below, 7n)), (P - 5n) / 8n));
  if (mod(below * x * x) !== above) x = mod(x * ROOT);
  return { x: (x & 1n) === number >> 255n ? x : mod(-x), y };
}

export function encode({ x, y }: Point): Buffer {
  return Buffer.from((y | ((x & 1n) << 255n)).toString(16).padStart(64, '0'), 'hex').reverse();
}

/** The generator. */
export const BASE = decode(encode({ x: 0n, y: mod(4n * inverse(5n)) }));
