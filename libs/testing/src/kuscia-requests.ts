/** Kinds of a field: a text, a whole number, a map of texts, another message, or a list of one. */
type Kind = 'text' | 'number' | 'texts' | Message | readonly [Kind];
interface Message {
  readonly [field: string]: Kind;
}

/** The fields of the requests that the engine makes, as Kuscia's proto files (proto/api/v1alpha1/kusciaapi, 1.1.0b0) have them. */
const TASK: Message = {
  ...{ app_image: 'text', alias: 'text', task_id: 'text', dependencies: ['text'], task_input_config: 'text' },
  ...{ priority: 'number', parties: [{ domain_id: 'text', role: 'text' }] },
};
const COLUMN: Message = { name: 'text', type: 'text', comment: 'text' };
const REQUESTS: Readonly<Record<string, Message>> = {
  '/healthZ': {},
  '/api/v1/domain/query': { domain_id: 'text' },
  '/api/v1/domaindata/create': {
    ...{ domaindata_id: 'text', name: 'text', type: 'text', relative_uri: 'text', domain_id: 'text' },
    ...{ datasource_id: 'text', attributes: 'texts', columns: [COLUMN], vendor: 'text', file_format: 'text' },
  },
  '/api/v1/domaindatagrant/create': {
    ...{ domaindatagrant_id: 'text', domaindata_id: 'text', grant_domain: 'text', domain_id: 'text' },
  },
  '/api/v1/job/create': {
    ...{ job_id: 'text', initiator: 'text', max_parallelism: 'number', tasks: [TASK], custom_fields: 'texts' },
  },
  '/api/v1/job/query': { job_id: 'text' },
  '/api/v1/job/cancel': { job_id: 'text', reason: 'text' },
};

/** What `task_input_config` of SecretFlow's image holds. */
const ATTR: Message = { s: 'text', ss: ['text'] };
const INPUT_CONFIG: Readonly<Record<string, (value: unknown) => boolean>> = {
  sf_datasource_config: isMap,
  sf_cluster_desc: isMap,
  sf_node_eval_param: isMap,
  sf_input_ids: isNames,
  sf_output_ids: isNames,
  sf_output_uris: isNames,
};
const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
/** What has to be a name of Kubernetes. */
const NAMED = ['job_id', 'domaindata_id', 'domaindatagrant_id', 'domain_id', 'grant_domain', 'initiator'];

/** What of a request Kuscia's messages do not have, or do not take; undefined for nothing. */
export function strangeIn(path: string, body: unknown): string | undefined {
  const message = REQUESTS[path];
  if (!message) return 'there is no such path';
  return (
    strange(body, message, 'the body') ??
    (path === '/api/v1/job/create' ? strangeJob(body as Record<string, unknown>) : undefined)
  );
}

function strange(value: unknown, kind: Kind, at: string): string | undefined {
  if (kind === 'text') return typeof value === 'string' ? undefined : `${at} is no text`;
  if (kind === 'number') return Number.isSafeInteger(value) ? undefined : `${at} is no whole number`;
  if (isList(kind)) {
    if (!Array.isArray(value)) return `${at} is no list`;
    return first(value.map((each, place) => strange(each, kind[0], `${at}[${place}]`)));
  }
  if (!isMap(value)) return `${at} is no message`;
  if (kind === 'texts')
    return Object.values(value).every((each) => typeof each === 'string') ? undefined : `${at} holds no texts`;
  return first(
    Object.entries(value).map(([name, each]) => {
      if (!Object.hasOwn(kind, name)) return `${at} has the unknown ${name}`;
      if (NAMED.includes(name) && !NAME.test(String(each))) return `${at} has a ${name} that is no name`;
      return strange(each, kind[name]!, `${at}.${name}`);
    }),
  );
}

function strangeJob({ tasks, job_id: id, initiator }: Record<string, unknown>): string | undefined {
  if (!id || !initiator) return 'the job has no id or no initiator';
  const [task, ...others] = tasks as Record<string, unknown>[];
  if (!task || others.length > 0) return 'the job has not one task';
  const parties = task.parties as { domain_id: string }[];
  if (!task.alias || !task.app_image || parties.length < 2) return 'its task has no alias, image or parties';
  const config = JSON.parse(task.task_input_config as string) as Record<string, unknown>;
  const lacks = Object.entries(INPUT_CONFIG).find(([name, isIt]) => !isIt(config[name]));
  const odd = Object.keys(config).find((name) => !Object.hasOwn(INPUT_CONFIG, name));
  if (lacks ?? odd) return `task_input_config has no ${lacks?.[0]}, or the unknown ${odd}`;
  const param = config.sf_node_eval_param as Record<string, unknown>;
  const { attr_paths: paths, attrs, ...names } = param as { attr_paths: string[]; attrs: Record<string, unknown>[] };
  const named = Object.keys(names).sort().join(' ');
  if (named !== 'domain name version' && named !== 'comp_id') return `sf_node_eval_param has ${named}`;
  if (paths.length !== attrs.length) return 'it has not as many attrs as attr_paths';
  return first(
    attrs.map((each, at) =>
      Object.keys(each).length !== 1
        ? `${paths[at]} has not one value`
        : 'b' in each
          ? typeof each.b === 'boolean'
            ? undefined
            : `${paths[at]} is no b`
          : strange(each, ATTR, paths[at]!),
    ),
  );
}

const first = (found: readonly (string | undefined)[]): string | undefined => found.find((each) => each !== undefined);
const isList = (kind: Kind): kind is readonly [Kind] => Array.isArray(kind);
function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each) => NAME.test(String(each)));
}
