// The chart as it is rendered: against the schemas of Kubernetes, and against what the apps are.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import ts from 'typescript';
import { parse, parseAllDocuments } from 'yaml';
import { findHelm, headOf, render, RENDERED } from '../dist/tools/chart.js';
import { ROOT } from '../dist/tools/steps.js';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const helm = findHelm();
const noHelm = helm ? false : 'there is no helm; npm run chart builds one';
const libOf = (name) => import(pathToFileURL(join(ROOT, `dist/libs/${name}/src/index.js`)).href);
const { readConfig, SECRET_NAMES } = await libOf('platform');
const { taskTypes } = await libOf('compute');
const { itUnless } = await libOf('testing');

/** The schemas of what Kubernetes does not know itself, from their projects: see the head of each file. */
const CRDS = ['keda.sh_scaledobjects', 'monitoring.coreos.com_servicemonitors'].map((name) =>
  parse(read(`tools/crds/${name}.yaml`)),
);
const crdOf = ({ kind }) => CRDS.find(({ spec }) => spec.names.kind === kind);
/** A schema that takes no field beyond those that it names, as the API server prunes them. */
const closed = (schema) => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const members = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return isObject(schema.properties) ? { additionalProperties: false, ...members } : members;
};
/** The types of a kind of Kubernetes: core, or a group by its first name. */
const moduleOf = ({ apiVersion }) => {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `kubernetes-types/${group.split('.')[0]}/${version}`;
};
const variables = new Set(['NODE_EXTRA_CA_CERTS']);
readConfig(new Proxy({}, { get: (_, name) => (typeof name === 'string' && variables.add(name), undefined) }));
const isVariable = (name) => variables.has(name) || /^OTEL_[A-Z_]+$|^WORKER_CONCURRENCY_[A-Z_]+$/.test(name);

const rendered = RENDERED.map((each) => ({
  ...each,
  objects: parseAllDocuments(read(each.file))
    .map((document) => document.toJS())
    .filter(Boolean),
}));
const ofControlPlane = rendered.filter(({ chart }) => chart === 'task-chain');
const SECRETS_FOLDER = '/etc/task-chain-secrets';
/** What lies in the secrets' volume of a pod: of each file the variable, which is its name, and the key in the cluster's secret. */
const secretsOf = ({ volumes }) =>
  volumes
    .find(({ name }) => name === 'secrets')
    .projected.sources.flatMap(({ secret }) => secret.items.map(({ key, path }) => ({ variable: path, key })));
const contains = (labels, selector) => Object.entries(selector).every(([name, value]) => labels[name] === value);

/** As Helm lays values over the chart's own: objects member by member, and null takes one away. */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const over = (values, more) => {
  if (!isObject(values) || !isObject(more)) return more;
  const names = Object.keys({ ...values, ...more }).filter((name) => more[name] !== null);
  return Object.fromEntries(names.map((name) => [name, name in more ? over(values[name], more[name]) : values[name]]));
};

describe('the Helm chart', () => {
  for (const { file, ...rendering } of RENDERED) {
    it(`${file} is what its chart says now`, () => {
      expect(read(file).split('\n', 1)[0]).toBe(headOf(rendering).trim());
    });
    itUnless(noHelm, `${file} is what Helm renders`, () => {
      expect(read(file)).toBe(headOf(rendering) + render(helm, rendering));
    });
  }

  it('has the version of the package', () => {
    const { version } = JSON.parse(read('package.json'));
    for (const chart of new Set(RENDERED.map((each) => each.chart)))
      expect(parse(read(`deploy/helm/${chart}/Chart.yaml`))).toMatchObject({
        ...{ name: chart, version, appVersion: version },
      });
  });

  it('takes the values of every example, and refuses what it does not know', () => {
    const check = new Ajv({ strict: false, allErrors: true }).compile(
      JSON.parse(read('deploy/helm/task-chain/values.schema.json')),
    );
    const defaults = parse(read('deploy/helm/task-chain/values.yaml'));
    const faultsOf = (values) => {
      check(over(defaults, values));
      return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    };
    for (const path of ['deploy/helm/examples/minimal.yaml', ...ofControlPlane.map(({ values }) => values)]) {
      expect([path, faultsOf(parse(read(path)))]).toEqual([path, []]);
    }
    for (const [values, fault] of [
      [{ replicas: 3 }, ' must NOT have additional properties'],
      [{ api: { replica: 3 } }, '/api must NOT have additional properties'],
      [{ api: { replicas: 0 } }, '/api/replicas must be >= 1'],
      [{ image: { repository: 'x', tag: 'latest' } }, '/image/tag must NOT be valid'],
      [{ workers: { w: {} } }, "/workers/w must have required property 'resources'"],
      [{ config: { logLevel: 'loud' } }, '/config/logLevel must be equal to one of the allowed values'],
      [{ config: { publicUrl: 'x.com' } }, '/config/publicUrl must match pattern "^$|^https?://"'],
      [{ config: { scriptTasks: { a: {} } } }, "/config/scriptTasks/a must have required property 'command'"],
    ]) {
      expect(faultsOf(values)).toEqual([fault]);
    }
  });

  itUnless(noHelm, 'says what is missing, and by which command it is made', () => {
    const minimal = { chart: 'task-chain', values: 'deploy/helm/examples/minimal.yaml' };
    for (const [set, fault] of [
      ['database.existingSecret=', /database\.existingSecret is not set.*\n.*kubectl create secret generic/],
      ['signIn.adminKey.existingSecret=', /nobody could sign in.*\n.*kubectl create secret generic/],
      ['signIn.oidc.issuer=https://x', /issuer and signIn\.oidc\.audience go together/],
      ['signIn.oidc.client.id=console', /client\.id needs signIn\.oidc\.issuer and config\.publicUrl/],
      ['keda.enabled=true', /keda\.enabled needs keda\.prometheusAddress/],
      ['nodes.listener.enabled=true', /nodes\.listener\.enabled needs nodes\.caKey\.existingSecret/],
      ['nodes.caCert.existingSecret=x', /nodes\.caCert needs nodes\.caKey\.existingSecret/],
      ['nodes.listener.replicas=2', /nodes\.listener\.replicas is more than 1: list an address of each/],
      ['serviceMonitor.enabled=true', /serviceMonitor\.enabled needs serviceMonitor\.apiKey/],
      ['workers.default.autoscaling.minReplicas=9', /workers\.default\.autoscaling: minReplicas is more/],
      ['api.replica=2', /additional properties 'replica' not allowed/],
    ]) {
      expect(() => render(helm, minimal, '--set', set)).toThrow(fault);
    }
  });

  itUnless(
    noHelm,
    'gives the API and the listener of sites the same authority, and a certificate where it is of the operator',
    () => {
      const filesOf = (...sets) => {
        const objects = parseAllDocuments(render(helm, RENDERED[0], ...sets.flatMap((set) => ['--set', set])));
        return objects
          .map((document) => document.toJS())
          .filter((object) => object?.kind === 'Deployment')
          .flatMap(({ spec }) => {
            const { containers, volumes } = spec.template.spec;
            const sources = volumes.find(({ name }) => name === 'secrets').projected.sources;
            const files = sources.flatMap(({ secret: { name, items } }) =>
              items.flatMap(({ key, path }) => (path.startsWith('NODE_CA_') ? [`${path}: ${name} ${key}`] : [])),
            );
            return files.length > 0 ? [[containers[0].args[0], ...files]] : [];
          });
      };
      const key = 'NODE_CA_KEY: task-chain-nodes node-ca-key';
      const cert = 'NODE_CA_CERT: the-authority tls.crt';
      const both = (...files) => ['api', 'compute-worker'].map((app) => [app, ...files]);
      expect(filesOf('nodes.caCert.existingSecret=the-authority', 'nodes.caCert.key=tls.crt')).toEqual(both(key, cert));
      const none = 'nodes.caCert.existingSecret=';
      expect(filesOf(none)).toEqual(both(key));
      expect(filesOf(none, 'nodes.caKey.existingSecret=', 'nodes.listener.enabled=false')).toEqual([]);
    },
  );

  itUnless(noHelm, 'names the job of migrations by its image, in words of DNS, where it is no hook', () => {
    const digest = (digit) => `image.digest=sha256:${digit.repeat(64)}`;
    const jobs = ['image.tag=1.2', 'image.tag=_V1_rc.2-', `image.tag=${'x.'.repeat(60)}`, digest('0'), digest('1')].map(
      (set) =>
        parseAllDocuments(render(helm, RENDERED[1], '--set', set))
          .map((document) => document.toJS())
          .find((object) => object?.kind === 'Job'),
    );
    const names = jobs.map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^task-chain-migrate-[a-z0-9]([-a-z0-9]{0,34}[a-z0-9])$/);
    for (const { metadata } of jobs)
      expect(metadata.labels['app.kubernetes.io/version']).toMatch(/^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/);
    for (const { spec } of jobs) expect(spec.ttlSecondsAfterFinished).toBe(86_400);
  });

  itUnless(noHelm, 'makes no rule of an empty list of callers or ports, which would let through all', () => {
    const none = ['metricsFrom', 'databasePorts', 'redisPorts', 'outboundPorts', 'tracingPorts'].flatMap((name) => [
      '--set-json',
      `networkPolicy.${name}=[]`,
    ]);
    const policies = parseAllDocuments(render(helm, RENDERED[1], ...none))
      .map((document) => document.toJS())
      .filter((object) => object?.kind === 'NetworkPolicy' && !object.metadata.name.endsWith('default-deny'));
    const dns = { ports: [53, 53] };
    const portsOf = (rules) => rules?.map(({ ports, ...rest }) => ({ ports: ports?.map(({ port }) => port), ...rest }));
    expect(policies.map(({ spec }) => [portsOf(spec.ingress), portsOf(spec.egress)])).toEqual(
      policies.map(({ metadata }) => [metadata.name.endsWith('-api') ? [{ ports: [3000] }] : undefined, [dns]]),
    );
    expect(policies).toHaveLength(4);
  });

  it('holds to the schemas of KEDA and the Prometheus operator, and has no field beyond', () => {
    const faultsOf = (object) => {
      const { versions } = crdOf(object).spec;
      const { openAPIV3Schema } = versions.find(({ name }) => object.apiVersion.endsWith(`/${name}`)).schema;
      const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
        closed(openAPIV3Schema),
      );
      check(object);
      return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    };
    const objects = rendered.flatMap((each) => each.objects).filter(crdOf);
    expect(objects.map(faultsOf)).toEqual(objects.map(() => []));
    expect(objects).toHaveLength(7);
    const scaler = objects.find(({ kind }) => kind === 'ScaledObject');
    expect(faultsOf({ ...scaler, spec: { ...scaler.spec, maxReplica: 2, minReplicaCount: 'one' } })).toEqual([
      '/spec must NOT have additional properties',
      '/spec/minReplicaCount must be integer',
    ]);
  });

  it('is of the types of Kubernetes, with no field that it does not know', () => {
    const folder = mkdtempSync(join(ROOT, '.cache-chart-'));
    try {
      const objects = rendered.flatMap((each) => each.objects).filter((object) => !crdOf(object));
      const lines = objects.map((object, i) => {
        const type = `import(${JSON.stringify(moduleOf(object))}).${object.kind}`;
        return `export const o${i}: ${type} = ${JSON.stringify(object)};`;
      });
      lines.push(
        `export const bad: import('kubernetes-types/core/v1').Pod = { apiVersion: 'v1', kind: 'Pod', spec: { containerz: [] } };`,
      );
      const file = join(folder, 'objects.ts');
      writeFileSync(file, lines.join('\n'));
      const options = {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
      };
      const program = ts.createProgram([file], { ...options, module: ts.ModuleKind.ESNext, types: [] });
      const faults = ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      expect(faults).toEqual([expect.stringContaining('containerz')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

for (const { file, objects } of ofControlPlane) {
  const ofKind = (...kinds) => objects.filter(({ kind }) => kinds.includes(kind));
  const workloads = ofKind('Deployment', 'Job');
  const podsOf = (selector) => workloads.filter(({ spec }) => contains(spec.template.metadata.labels, selector));
  const containers = workloads.flatMap(({ spec }) => spec.template.spec.containers);

  describe(file, () => {
    it('has one deployment for each app, and the migrations', () => {
      const programs = containers.map(({ args }) => args[0]);
      const known = [...read('docker/entrypoint.mjs').matchAll(/^ {2}'?([a-z-]+)'?: '/gm)].map(([, name]) => name);
      expect(programs).toEqual(expect.arrayContaining(['api', 'status-listener', 'compute-worker', 'migrate']));
      expect(programs.filter((name) => !known.includes(name))).toEqual([]);
    });

    it('gives every pod the restricted security, resources, and an image of one version', () => {
      for (const { metadata, spec } of workloads) {
        const { securityContext, automountServiceAccountToken } = spec.template.spec;
        expect([metadata.name, securityContext, automountServiceAccountToken]).toMatchObject([
          metadata.name,
          { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
          false,
        ]);
      }
      for (const { securityContext, resources, image, volumeMounts } of containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources).toMatchObject({
          requests: { cpu: expect.anything(), memory: expect.anything() },
          limits: { memory: expect.anything() },
        });
        expect(image).toMatch(/(:\d[^:]*|@sha256:[0-9a-f]{64})$/);
        expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp');
      }
    });

    it('mounts tables at workers alone, artifacts read-only at the API, and neither where schemas are migrated', () => {
      const files = {
        api: ['/data/artifacts (read only)'],
        'status-listener': ['/data/artifacts'],
        'compute-worker': ['/data/tables', '/data/artifacts'],
        migrate: [],
      };
      for (const { args, volumeMounts } of containers) {
        const mounts = volumeMounts.filter(({ mountPath }) => mountPath.startsWith('/data/'));
        const said = mounts.map(({ mountPath, readOnly }) => `${mountPath}${readOnly ? ' (read only)' : ''}`);
        expect([args[0], said]).toEqual([args[0], files[args[0]]]);
      }
    });

    it('gives each app its own login, which migrate makes', () => {
      const urls = new Map(
        workloads.map(({ spec }) => [
          spec.template.spec.containers[0].args[0],
          secretsOf(spec.template.spec)
            .filter(({ variable }) => variable.startsWith('DATABASE_URL'))
            .map(({ variable, key }) => `${variable}: ${key}`),
        ]),
      );
      const own = [...urls.keys()].filter((name) => name !== 'migrate').map((name) => urls.get(name)[0]);
      expect(new Set([...own, urls.get('migrate')[0]]).size).toBe(4);
      expect(
        urls
          .get('migrate')
          .slice(1)
          .map((row) => row.replace(/_(API|LISTENER|WORKER)/, ''))
          .sort(),
      ).toEqual(own.sort());
    });

    it('gives secrets as files that root owns and the app reads, and none in an environment', () => {
      for (const { metadata, spec } of workloads) {
        const pod = spec.template.spec;
        const [{ env, volumeMounts }] = pod.containers;
        const name = metadata.name;
        expect([name, env.filter((each) => SECRET_NAMES.has(each.name) || each.valueFrom)]).toEqual([name, []]);
        const { projected } = pod.volumes.find((volume) => volume.name === 'secrets');
        expect([projected.defaultMode, pod.securityContext.fsGroup]).toEqual([0o440, 10001]);
        expect(volumeMounts).toContainEqual({ name: 'secrets', mountPath: SECRETS_FOLDER, readOnly: true });
        const files = env.filter((each) => each.name.endsWith('_FILE'));
        const given = secretsOf(pod).map(({ variable }) => variable);
        expect(files).toEqual(given.map((each) => ({ name: `${each}_FILE`, value: `${SECRETS_FOLDER}/${each}` })));
      }
    });

    it('sets variables that there are, once, to values that the apps take', () => {
      const listensForSites = (env) => env.some((each) => each.name === 'NODE_PORT');
      for (const { name, env, args } of containers) {
        const names = env.map((each) => each.name);
        expect(names.filter((each) => !isVariable(each))).toEqual([]);
        expect([name, new Set(names).size]).toEqual([name, names.length]);
        expect(names.includes('ADMIN_API_KEY_FILE') && args[0] !== 'api').toBe(false);
        const keys = names.filter((each) => each.startsWith('SECRETS_'));
        const given = {
          api: ['SECRETS_PUBLIC_KEY'],
          'compute-worker': ['SECRETS_PRIVATE_KEY_FILE', 'SECRETS_KEY_FILE', 'SECRETS_KEY_PREVIOUS_FILE'],
        };
        const expected = file.endsWith('production.yaml') && !listensForSites(env) && given[args[0]];
        expect([name, keys]).toEqual([name, expected || []]);
        const isAuthority = file.endsWith('production.yaml') && (args[0] === 'api' || listensForSites(env));
        expect([name, names.filter((each) => each.startsWith('NODE_CA_'))]).toEqual([
          name,
          isAuthority ? ['NODE_CA_KEY_FILE', 'NODE_CA_CERT_FILE'] : [],
        ]);
        readConfig(
          Object.fromEntries(
            env.flatMap((each) =>
              // A file of the pod is not here.
              each.value === undefined || each.name.endsWith('_FILE') ? [] : [[each.name, each.value]],
            ),
          ),
        );
        const types = env.find((each) => each.name === 'WORKER_TYPES')?.value.split(',') ?? [];
        expect(types.filter((type) => !taskTypes.some((each) => each.type === type))).toEqual([]);
      }
    });

    it('probes each app where it listens', () => {
      const dockerfile = read('docker/Dockerfile');
      const portOf = { api: 'PORT', 'status-listener': 'LISTENER_PORT', 'compute-worker': 'WORKER_PORT' };
      for (const { args, env, ports, startupProbe, livenessProbe, readinessProbe } of containers) {
        if (args[0] === 'migrate') continue;
        const port = Number(new RegExp(`\\b${portOf[args[0]]}=(\\d+)`).exec(dockerfile)[1]);
        const forSites = env.filter(({ name }) => name === 'NODE_PORT').map(({ value }) => Number(value));
        const listens = [['http', port], ...forSites.map((each) => ['nodes', each])];
        expect(ports).toEqual(listens.map(([name, containerPort]) => ({ name, containerPort })));
        const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => [httpGet.path, httpGet.port]);
        expect(paths).toEqual([
          ['/health/live', 'http'],
          ['/health/live', 'http'],
          ['/health/ready', 'http'],
        ]);
      }
    });

    it('gives a pod longer to end than its app takes', () => {
      for (const { spec } of ofKind('Deployment')) {
        const { terminationGracePeriodSeconds, containers } = spec.template.spec;
        const drain = containers[0].env.find(({ name }) => name === 'WORKER_DRAIN_SECONDS')?.value ?? 5;
        expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(drain) + 10);
      }
    });

    it('selects pods that there are: each service, budget, policy, spread and scaler its own', () => {
      const portsOf = (pod) => pod.containers.flatMap(({ ports }) => ports ?? []).map((port) => port.name);
      for (const { spec } of ofKind('Service')) {
        const [{ spec: workload }] = podsOf(spec.selector);
        expect(portsOf(workload.template.spec)).toEqual(
          expect.arrayContaining(spec.ports.map(({ targetPort }) => targetPort)),
        );
      }
      for (const { kind, metadata, spec } of ofKind('Service', 'PodDisruptionBudget', 'NetworkPolicy')) {
        const selector = kind === 'Service' ? spec.selector : (spec.selector ?? spec.podSelector).matchLabels;
        const found = podsOf(selector).length;
        const all = metadata.name.endsWith('default-deny') ? workloads.length : 1;
        expect([kind, metadata.name, found]).toEqual([kind, metadata.name, all]);
      }
      for (const { spec } of ofKind('Deployment')) {
        const { labels } = spec.template.metadata;
        expect(contains(labels, spec.selector.matchLabels)).toBe(true);
        for (const { labelSelector } of spec.template.spec.topologySpreadConstraints)
          expect(contains(labels, labelSelector.matchLabels)).toBe(true);
      }
      for (const { spec } of ofKind('HorizontalPodAutoscaler', 'ScaledObject')) {
        const [target, ...others] = ofKind('Deployment').filter(
          ({ metadata }) => metadata.name === spec.scaleTargetRef.name,
        );
        expect(others).toEqual([]);
        // An autoscaler must not get another number of replicas with each update.
        expect(target.spec).not.toHaveProperty('replicas');
      }
      for (const { spec } of ofKind('ServiceMonitor')) {
        expect(
          ofKind('Service').filter(({ metadata }) => contains(metadata.labels, spec.selector.matchLabels)),
        ).toHaveLength(1);
      }
    });

    it('lets traffic to no port but where an app listens, and denies the rest', () => {
      const policies = ofKind('NetworkPolicy');
      const deny = policies.find(({ metadata }) => metadata.name.endsWith('default-deny'));
      expect(deny.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
      expect(deny.spec).not.toHaveProperty('ingress');
      for (const { spec } of policies.filter((policy) => policy !== deny)) {
        const [{ spec: pod }] = podsOf(spec.podSelector.matchLabels);
        const listens = (pod.template.spec.containers[0].ports ?? []).map(({ containerPort }) => containerPort);
        expect((spec.ingress ?? []).flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(listens);
        expect(spec.egress.every(({ ports }) => ports.length > 0)).toBe(true);
      }
    });

    it('scales by metrics that are served, once for each queue', () => {
      const listed = [...read('docs/metrics.md').matchAll(/^\| `(taskchain_[a-z_]+)/gm)].map(([, name]) => name);
      for (const { spec, metadata } of ofKind('ScaledObject')) {
        const deployment = ofKind('Deployment').find((each) => each.metadata.name === metadata.name);
        const { env } = deployment.spec.template.spec.containers[0];
        const valueOf = (name) => env.find((each) => each.name === name)?.value;
        const types = valueOf('WORKER_TYPES')?.split(',') ?? ['.+'];
        expect(spec.triggers).toHaveLength(types.length);
        spec.triggers.forEach(({ metadata: trigger }, i) => {
          const metrics = [...trigger.query.matchAll(/\b(taskchain_[a-z_]+)/g)].map(([, name]) => name);
          expect(metrics.filter((name) => !listed.includes(name))).toEqual([]);
          expect(trigger.query).toContain(`task_type=~"${types[i]}",status=~"READY|QUEUED|RUNNING"`);
          const slots = valueOf(`WORKER_CONCURRENCY_${types[i].toUpperCase()}`) ?? valueOf('WORKER_CONCURRENCY');
          expect(trigger).toMatchObject({ threshold: slots, ignoreNullValues: 'false' });
        });
      }
    });
  });
}

describe('the kustomize base', () => {
  const kubectl = (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'kubectl'))
    .find((path) => existsSync(path));

  itUnless(
    !kubectl && 'there is no kubectl',
    'is built with an overlay that changes image, namespace and replicas',
    () => {
      const home = mkdtempSync(join(tmpdir(), 'task-chain-kubectl-'));
      const built = String(
        execFileSync(kubectl, ['kustomize', 'deploy/kustomize/overlays/example'], {
          cwd: ROOT,
          env: { PATH: process.env.PATH, HOME: home },
        }),
      );
      rmSync(home, { recursive: true, force: true });
      const objects = parseAllDocuments(built).map((document) => document.toJS());
      const base = rendered.find(({ file }) => file.includes('kustomize')).objects;
      expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual(
        base.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(),
      );
      expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['privacy']));
      const images = objects.flatMap(({ spec }) => spec.template?.spec.containers.map(({ image }) => image) ?? []);
      expect(new Set(images)).toEqual(new Set(['registry.example.com/task-chain:0.1.0']));
    },
  );

  it('names files that there are', () => {
    for (const folder of ['base', 'overlays/example']) {
      const { resources } = parse(read(`deploy/kustomize/${folder}/kustomization.yaml`));
      for (const path of resources)
        expect([path, existsSync(join(ROOT, 'deploy/kustomize', folder, path))]).toEqual([path, true]);
    }
  });
});
