import { createHash } from 'node:crypto';
import { farId } from '../celery/far-id.js';
import type { KusciaSettings } from './kuscia-settings.js';

/** The id of a job: it follows from what runs, so that whoever runs the attempt again finds what is there already. */
export const jobId = (chainId: string, taskId: string, attempt: number): string =>
  `tc-${farId(chainId, taskId, attempt, '')}`;

export const JOB_ID = /^tc-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A table of a party, as its own process has read it. */
export interface DescribedTable {
  /** Below the party's folder. */
  readonly file: string;
  /** Changes with the file. */
  readonly state: string;
  readonly columns: readonly { readonly name: string; readonly type: 'str' | 'int' | 'float' }[];
  /** `<name>@<version>` of what it was made of; none where nobody has claimed the folder. */
  readonly datasets: readonly string[];
}

/** What Kuscia is told of a table, and its id there: the same of the same file again. */
export function domainDataOf(settings: KusciaSettings, party: string, table: DescribedTable) {
  const { domain, datasource, folder = '' } = settings.parties[party]!;
  const uri = folder === '' ? table.file : `${folder}/${table.file}`;
  const parts = JSON.stringify(['task-chain', domain, datasource ?? null, uri, table.state, table.columns]);
  const id = `tc-${createHash('sha256').update(parts).digest('hex').slice(0, 40)}`;
  return {
    ...{ domaindata_id: id, name: id, type: 'table', relative_uri: uri, domain_id: domain },
    ...(datasource !== undefined && { datasource_id: datasource }),
    attributes: { source: 'task-chain', ...(table.datasets.length > 0 && { datasets: table.datasets.join(' ') }) },
    columns: table.columns.map(({ name, type }) => ({ name, type, comment: '' })),
    ...{ vendor: 'manual', file_format: 'CSV' },
  };
}

/** What lets the domain of another party know of a table. */
export function grantOf(data: { readonly domaindata_id: string; readonly domain_id: string }, to: string) {
  const { domaindata_id: id, domain_id: domain } = data;
  const name = createHash('sha256')
    .update(JSON.stringify([id, domain, to]))
    .digest('hex');
  return {
    domaindatagrant_id: `tc-${name.slice(0, 40)}`,
    ...{ domaindata_id: id, grant_domain: to, domain_id: domain },
  };
}

/** A value of a parameter, as SecretFlow's specification has them. */
type AttrValue = string | boolean | readonly string[];

/** A run of a component at the nodes. */
export interface ComponentJob {
  /** `<domain>/<name>:<version>` */
  readonly component: string;
  /** In the order of the names. */
  readonly parties: readonly string[];
  readonly attrs: Readonly<Record<string, AttrValue>>;
  /** Ids of its tables, in the order of the component's ports. */
  readonly inputs: readonly string[];
  /** How many outputs it has. */
  readonly outputs: number;
}

/** How long SecretFlow's parties wait for each other, ms. */
const LINK = {
  ...{ connect_retry_times: 60, connect_retry_interval_ms: 1_000 },
  ...{ recv_timeout_ms: 600_000, http_timeout_ms: 600_000 },
  ...{ brpc_channel_protocol: 'http', brpc_channel_connection_type: 'pooled' },
};

/** The id of an output of a job: each domain that gets it knows it by this. */
export const outputId = (job: string, at: number): string => `${job}-o${at}`;

/** The body of `POST /api/v1/job/create`. */
export function jobRequest(settings: KusciaSettings, id: string, run: ComponentJob) {
  const domains = run.parties.map((party) => settings.parties[party]!.domain);
  return {
    job_id: id,
    initiator: settings.initiator,
    max_parallelism: 1,
    tasks: [
      {
        alias: 'task',
        app_image: settings.appImage,
        parties: domains.map((domain) => ({ domain_id: domain })),
        task_input_config: JSON.stringify(inputConfigOf(settings, id, run, domains)),
        priority: 100,
      },
    ],
  };
}

function inputConfigOf(settings: KusciaSettings, id: string, run: ComponentJob, domains: readonly string[]): object {
  const outputs = Array.from({ length: run.outputs }, (_, at) => outputId(id, at));
  const device = {
    ...{ name: 'spu', type: 'spu', parties: domains },
    config: JSON.stringify({ runtime_config: { protocol: 'SEMI2K', field: 'FM128' }, link_desc: LINK }),
  };
  const sources = run.parties.map((party) => settings.parties[party]!);
  return {
    sf_datasource_config: Object.fromEntries(
      sources.map(({ domain, datasource = 'default-data-source' }) => [domain, { id: datasource }]),
    ),
    sf_cluster_desc: {
      parties: domains,
      devices: [device],
      ray_fed_config: { cross_silo_comm_backend: 'brpc_link' },
    },
    sf_node_eval_param: evalParam(settings.componentBy, run),
    ...{ sf_input_ids: run.inputs, sf_output_ids: outputs, sf_output_uris: outputs },
  };
}

const COMPONENT = /^([^/]+)\/([^:]+):(.+)$/;

function evalParam(by: KusciaSettings['componentBy'], { component, attrs }: ComponentJob): object {
  const [, domain, name, version] = COMPONENT.exec(component)!;
  return {
    ...(by === 'comp_id' ? { comp_id: component } : { domain, name, version }),
    attr_paths: Object.keys(attrs),
    attrs: Object.values(attrs).map((value) =>
      typeof value === 'string' ? { s: value } : typeof value === 'boolean' ? { b: value } : { ss: value },
    ),
  };
}
