import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, quietly, Refusal, ROOT, run } from './steps.js';

/** What a lockfile says of a package. */
interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}
type Packages = Readonly<Record<string, LockedPackage>>;

interface Vulnerability {
  readonly name: string;
  readonly severity: string;
  readonly range: string;
  readonly via: readonly (string | { readonly title: string; readonly url: string })[];
  readonly nodes: readonly string[];
}

interface AuditReport {
  readonly vulnerabilities?: Readonly<Record<string, Vulnerability>>;
  readonly message?: string;
  readonly error?: { readonly summary?: string };
}

/** Advisories against what ships and against tools, or why the registry gave none. */
export type Advisories =
  | { readonly shipped: string[]; readonly tools: string[]; readonly unreached?: undefined }
  | { readonly unreached: string; readonly shipped?: undefined; readonly tools?: undefined };

const SBOM = 'sbom.cdx.json';
/** Licences (SPDX) under which a package may be used here: they ask for no more than their own text to be kept. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
]);
/**
 * Development packages under a licence that asks for more, none of which ships: data that Jest brings through Babel, which asks for
 * attribution; and the checks of accessibility, whose own files stay under their licence where somebody changes them.
 */
const TOOLS: Readonly<Record<string, string>> = {
  'node_modules/axe-core': 'MPL-2.0',
  'node_modules/caniuse-lite': 'CC-BY-4.0',
};
/**
 * What ships under a licence that asks for more than its own text: the layout of graphs, under EPL-2.0. The console ships its file as
 * it was published, apart from all other code, with the licence and where its source is (`apps/console/licences.ts`).
 */
const SHIPPED_AS_IT_IS: Readonly<Record<string, string>> = {
  'node_modules/elkjs': 'EPL-2.0 OR GPL-3.0-or-later',
};

/** Writes a CycloneDX document of all that package-lock.json names. Says how much that is. */
export async function writeSbom(): Promise<string> {
  const [command, args] = npm('sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only');
  const text = await quietly(command, args, { stderr: false });
  writeFileSync(join(ROOT, SBOM), text);
  const { specVersion, components } = JSON.parse(text) as { specVersion: string; components: unknown[] };
  return `${SBOM}: CycloneDX ${specVersion}, ${components.length} packages`;
}

/** Refuses a package without a licence, or with one that is not allowed. Says how many packages there are. */
export function checkLicences(): string {
  const { packages } = readLock();
  const faults = licenceFaults(packages);
  if (faults.length > 0) throw new Refusal(faults.join('\n'));
  return `${Object.keys(packages).length - 1} packages`;
}

/** The packages of a lockfile whose licence is not allowed, in words. */
export function licenceFaults(packages: Packages): string[] {
  return Object.entries(packages)
    .filter(([path, { license }]) => path !== '' && !isAllowed(license ?? ''))
    .filter(([path, { license, dev }]) => dev !== true || (TOOLS[path] ?? SHIPPED_AS_IT_IS[path]) !== license)
    .map(([path, { version, license }]) => `${path} ${version}: ${license ?? 'no licence'}`);
}

/** Of an SPDX expression one branch of each OR must be allowed, and all of an AND. */
function isAllowed(expression: string): boolean {
  const branches = expression.replaceAll(/[()]/g, '').split(' OR ');
  return branches.some((branch) => branch.split(' AND ').every((licence) => ALLOWED.has(licence)));
}

/**
 * Asks the registry what is known against the packages. Refuses an advisory against one that ships; names one
 * against a tool. Where the registry's advisories are out of reach it says that nothing was checked, and passes.
 */
export async function checkAdvisories(): Promise<string> {
  const [command, args] = npm('audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000');
  const { output, errors } = await run(command, args, { capture: true, stderr: false });
  const { shipped, tools, unreached } = readAdvisories(output, readLock().packages);
  if (unreached !== undefined) {
    return `NOT CHECKED: the registry's advisories could not be reached: ${unreached || errors.trim().split('\n')[0]}`;
  }
  if (shipped.length > 0) throw new Refusal(shipped.join('\n'));
  return tools.length > 0 ? `only of tools, which do not ship:\n${tools.join('\n')}` : '';
}

/** What `npm audit --json` says: advisories against what ships and against tools, or why there is no answer. */
export function readAdvisories(json: string, packages: Packages): Advisories {
  let report: AuditReport;
  try {
    report = JSON.parse(json) as AuditReport;
  } catch {
    return { unreached: json.slice(0, 200).trim() };
  }
  if (report.vulnerabilities === undefined) return { unreached: report.message ?? report.error?.summary ?? '' };
  const shipped: string[] = [];
  const tools: string[] = [];
  for (const { name, severity, range, via, nodes } of Object.values(report.vulnerabilities)) {
    const why = via.map((cause) => (typeof cause === 'string' ? `by ${cause}` : `${cause.title} ${cause.url}`));
    const ships = nodes.some((path) => packages[path]?.dev !== true);
    (ships ? shipped : tools).push(`${name} ${range} (${severity}): ${why.join('; ')}`);
  }
  return { shipped, tools };
}

function readLock(): { packages: Packages } {
  return JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Packages };
}
