/** One name for each column of each party, in order: that of the column, or `<party>.<column>` where two parties have it. */
export function qualifiedNames(columns: Readonly<Record<string, readonly string[]>>): string[] {
  const all = Object.values(columns).flat();
  const shared = new Set(all.filter((name, at) => all.indexOf(name) !== at));
  return Object.entries(columns).flatMap(([party, names]) =>
    names.map((name) => (shared.has(name) ? `${party}.${name}` : name)),
  );
}
