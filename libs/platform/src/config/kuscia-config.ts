import type { ValueReader } from './config-values.js';

/** How an API of Kuscia is reached; all but the endpoint and the name are paths of files. */
export interface KusciaAccessConfig {
  readonly endpoint: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly token: string;
  readonly serverName?: string;
}

/** What the engine `kuscia` needs. */
export interface KusciaConfig {
  readonly access: KusciaAccessConfig;
  /** The domain in whose name jobs are made. */
  readonly initiator: string;
  readonly appImage: string;
  /** How the SecretFlow of that image takes a component. */
  readonly componentBy: 'domain' | 'comp_id';
  readonly parties: Readonly<
    Record<
      string,
      {
        readonly domain: string;
        readonly datasource?: string;
        readonly folder?: string;
        readonly access?: KusciaAccessConfig;
      }
    >
  >;
  readonly dataRoot: string;
}

const NAME = 'KUSCIA_API';
const FILES = ['ca', 'cert', 'key', 'token'] as const;
const ACCESS = ['endpoint', ...FILES, 'server_name'];
const MEMBERS = new Set([...ACCESS, 'initiator', 'app_image', 'component_by', 'parties']);
const OF_PARTY = new Set([...ACCESS, 'domain', 'datasource', 'folder']);
const EXAMPLE =
  '{"endpoint":"https://host:8082","ca":"/…/ca.crt","cert":"/…/client.crt","key":"/…/client.key","token":"/…/token","initiator":"alice","app_image":"secretflow-image","parties":{"alice":{"domain":"alice"},"bob":{"domain":"bob"}}}';
/** As Kubernetes names things. */
const DOMAIN = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
/** With the folder of its tenant, where that is not the default one. */
const PARTY = /^(@[a-z0-9][a-z0-9_-]{0,63}\/)?[A-Za-z][A-Za-z0-9_-]{0,63}$/;

type Members = Readonly<Record<string, unknown>>;

/** Reads the setting of the engine `kuscia`; undefined where it is not set up. It names files and holds no secret. */
export function readKuscia(reader: ValueReader, dataRoot: string): KusciaConfig | undefined {
  const text = reader.text(NAME);
  if (text === undefined) return undefined;
  try {
    return { ...readMembers(parsed(text)), dataRoot };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    reader.faults.push(`${NAME} ${error.message}. Write ${EXAMPLE}.`);
    return undefined;
  }
}

class Fault extends Error {}

function parsed(text: string): Members {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  return object(value, '');
}

function readMembers(all: Members): Omit<KusciaConfig, 'dataRoot'> {
  refuseOthers(all, MEMBERS, '');
  const parties = Object.entries(object(all.parties, ' as "parties"')).map(([party, value]) => {
    const at = ` of ${JSON.stringify(party)}`;
    if (!PARTY.test(party)) throw new Fault(`has a party ${JSON.stringify(party)}, which is no name`);
    const each = object(value, at);
    refuseOthers(each, OF_PARTY, at);
    const folder = each.folder === undefined ? undefined : text(each, 'folder', at);
    if (folder !== undefined && /^\/|(^|\/)\.\.?(\/|$)|\/$/.test(folder))
      throw new Fault(`has a "folder"${at} that is no path below a source`);
    return [
      party,
      {
        domain: domain(each, 'domain', at),
        ...(each.datasource !== undefined && { datasource: domain(each, 'datasource', at) }),
        ...(folder !== undefined && { folder }),
        ...(ACCESS.some((name) => each[name] !== undefined) && { access: readAccess(each, at) }),
      },
    ] as const;
  });
  if (parties.length < 2) throw new Fault('names fewer than two "parties"');
  const domains = parties.map(([, each]) => each.domain);
  if (new Set(domains).size < domains.length) throw new Fault('has one "domain" for two parties');
  const initiator = domain(all, 'initiator', '');
  if (!domains.includes(initiator)) throw new Fault('has an "initiator" that is no "domain" of its parties');
  const by = all.component_by ?? 'domain';
  if (by !== 'domain' && by !== 'comp_id')
    throw new Fault('has a "component_by" that is neither "domain" nor "comp_id"');
  return {
    ...{ access: readAccess(all, ''), initiator, appImage: text(all, 'app_image', '') },
    ...{ componentBy: by, parties: Object.fromEntries(parties) },
  };
}

function readAccess(all: Members, at: string): KusciaAccessConfig {
  const endpoint = text(all, 'endpoint', at);
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new Fault(`has an "endpoint"${at} that is no https://host:port`);
  const files = FILES.map((name) => {
    const path = text(all, name, at);
    if (!path.startsWith('/')) throw new Fault(`has a "${name}"${at} that is no absolute path`);
    return [name, path] as const;
  });
  return {
    endpoint: url.origin,
    ...(Object.fromEntries(files) as Record<(typeof FILES)[number], string>),
    ...(all.server_name !== undefined && { serverName: text(all, 'server_name', at) }),
  };
}

function refuseOthers(all: Members, known: ReadonlySet<string>, at: string): void {
  const unknown = Object.keys(all).find((name) => !known.has(name));
  if (unknown !== undefined) throw new Fault(`has the unknown ${JSON.stringify(unknown)}${at}`);
}

function object(value: unknown, at: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new Fault(`has no JSON object${at}`);
}

function text(all: Members, name: string, at: string): string {
  const value = all[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Fault(`has no text as "${name}"${at}`);
}

function domain(all: Members, name: string, at: string): string {
  const value = text(all, name, at);
  if (DOMAIN.test(value)) return value;
  throw new Fault(`has a "${name}"${at} that Kuscia does not take as a name`);
}
