/** `artifact:<chain_id>/<task_id>/<name>`. A chain has no id before it is stored: what names one names another chain's. */
const REFERENCE = /^artifact:[^/]+\/[^/]+\/./s;

type Path = readonly (string | number)[];

/** The places of texts that name an artifact of another chain: no task may read it. */
export function foreignArtifacts(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return REFERENCE.test(value) && !value.includes('${') ? [path] : [];
  if (value === null || typeof value !== 'object') return [];
  const members: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return members.flatMap(([key, member]) => foreignArtifacts(member, [...path, key]));
}
