/** Tells columns of several parties apart: by their own name, or as `<party>.<column>` where two parties have one of it. */
export function columnNamer(
  columns: Readonly<Record<string, readonly string[]>>,
): (party: string, column: string) => string {
  const seen = new Map<string, number>();
  for (const name of Object.values(columns).flat()) seen.set(name, (seen.get(name) ?? 0) + 1);
  return (party, column) => (seen.get(column)! > 1 ? `${party}.${column}` : column);
}
