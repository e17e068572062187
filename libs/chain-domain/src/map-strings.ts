export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

type Path = (string | number)[];

/** A copy with each string replaced; what holds no replaced string is not copied. As deep as the body may be nested: 64. */
export function mapStrings(value: JsonValue, path: Path, map: (text: string, path: Path) => JsonValue): JsonValue {
  if (typeof value === 'string') return value.includes('${') ? map(value, path) : value;
  if (value === null || typeof value !== 'object') return value;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  let copy: JsonValue[] | { [key: string]: JsonValue } | undefined;
  for (const [key, before] of entries) {
    path.push(key);
    const after = mapStrings(before, path, map);
    path.pop();
    if (after === before) continue;
    copy ??= Array.isArray(value) ? [...value] : { ...value };
    // Not an assignment, which for the key `__proto__` would change the prototype.
    Object.defineProperty(copy, key, { value: after, writable: true, enumerable: true, configurable: true });
  }
  return copy ?? value;
}
