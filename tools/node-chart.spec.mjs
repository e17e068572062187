// The chart of a site as it is rendered: against its schema, and against what the program is. tools/chart.spec.mjs holds it to Kubernetes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { pathToFileURL } from 'node:url';
import { findHelm, render, RENDERED } from '../dist/tools/chart.js';
import { ROOT } from '../dist/tools/steps.js';

const libOf = (path) => import(pathToFileURL(join(ROOT, `dist/${path}`)).href);
const { itUnless } = await libOf('libs/testing/src/index.js');
const { run } = await libOf('apps/party-node/src/program.js');
const CHART = 'deploy/helm/task-chain-node';
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const objectsOf = (text) =>
  parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter(Boolean);
const rendering = RENDERED.find(({ chart }) => chart === 'task-chain-node');
const objects = objectsOf(read(rendering.file));
const ofKind = (kind) => objects.find((object) => object.kind === kind);
const { spec: set } = ofKind('StatefulSet');
const pod = set.template.spec;
const [join_] = pod.initContainers;
const [connect] = pod.containers;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const over = (values, more) => {
  if (!isObject(values) || !isObject(more)) return more;
  const names = Object.keys({ ...values, ...more });
  return Object.fromEntries(names.map((name) => [name, name in more ? over(values[name], more[name]) : values[name]]));
};
const helm = findHelm();
const noHelm = helm ? false : 'there is no helm; npm run chart builds one';

describe('the chart of a site', () => {
  it('takes its example, and refuses what it does not know', () => {
    const check = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(read(`${CHART}/values.schema.json`)));
    const defaults = parse(read(`${CHART}/values.yaml`));
    const faultsOf = (values) => {
      check(over(defaults, values));
      return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    };
    expect(faultsOf(parse(read(rendering.values)))).toEqual([]);
    for (const [values, fault] of [
      [{ replicas: 3 }, ' must NOT have additional properties'],
      [{ image: { tag: 'latest' } }, '/image/tag must NOT be valid'],
      [{ controlPlane: { url: 'http://chains.example.com' } }, '/controlPlane/url must match pattern "^$|^https://"'],
      [
        { controlPlane: { address: 'chains.example.com' } },
        expect.stringContaining('/controlPlane/address must match'),
      ],
      [{ storage: { size: 20 } }, '/storage/size must be string'],
      [{ listen: { port: 1 } }, '/listen must NOT have additional properties'],
      [{ networkPolicy: { peerPorts: [0] } }, '/networkPolicy/peerPorts/0 must be >= 1'],
    ])
      expect(faultsOf(values)).toEqual([fault]);
  });

  it('joins where that is needed, and then connects: by commands that there are, in one folder', async () => {
    expect(join_.args.slice(0, 3)).toEqual(['party-node', 'join', 'https://chains.example.com']);
    expect(connect.args).toEqual('party-node connect chains.example.com:7444 --folder /data/site --stay'.split(' '));
    expect(read('docker/entrypoint.mjs')).toContain("'party-node':");
    for (const { args, volumeMounts } of [join_, connect]) {
      expect(args[args.indexOf('--folder') + 1]).toBe('/data/site');
      expect(volumeMounts).toContainEqual({ name: 'site', mountPath: '/data/site' });
      let help = '';
      await run([args[1], '--help'], {
        out: (text) => (help += text),
        err: () => undefined,
        signal: AbortSignal.abort(),
      });
      for (const option of args.filter((arg) => arg.startsWith('--'))) expect(help).toContain(`  ${option}`);
    }
    expect(join_.args).toEqual(expect.arrayContaining(['--if-needed', '/etc/task-chain-invitation/invitation']));
    // The token is seen by the container alone that needs it, and is not missed once it was deleted.
    expect(connect.volumeMounts.map(({ name }) => name)).not.toContain('invitation');
    expect(pod.volumes.find(({ name }) => name === 'invitation').secret).toMatchObject({
      optional: true,
      defaultMode: 0o440,
    });
  });

  it('is one pod with one claim, which outlives it', () => {
    expect(set.replicas).toBe(1);
    expect(set.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    const [{ metadata, spec }] = set.volumeClaimTemplates;
    expect([metadata.name, spec.accessModes]).toEqual(['site', ['ReadWriteOnce']]);
    expect(spec.resources.requests.storage).toBe('200Gi');
    // Any other policy would open the key of the site to the pod's group at each start.
    expect(pod.securityContext.fsGroupChangePolicy).toBe('OnRootMismatch');
  });

  it('has the restricted security, resources, an image of one version, and no token of the cluster', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10);
    for (const { securityContext, resources, image, volumeMounts, env } of [join_, connect]) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(resources).toMatchObject({ requests: { cpu: '500m', memory: '512Mi' }, limits: { memory: '2Gi' } });
      expect(image).toBe('registry.example.com/task-chain:0.1.0');
      expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp');
      expect(env).toEqual([{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/task-chain-ca/ca.crt' }]);
    }
  });

  it('lets in other sites alone, where it listens, and out to DNS, the control plane and them', () => {
    const { podSelector, policyTypes, ingress, egress } = ofKind('NetworkPolicy').spec;
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    for (const selector of [podSelector.matchLabels, ofKind('Service').spec.selector, set.selector.matchLabels])
      expect(set.template.metadata.labels).toMatchObject(selector);
    const portsOf = (rules) => rules.map(({ ports }) => ports.map(({ port }) => port));
    expect(ingress).toEqual([
      { ports: [{ protocol: 'TCP', port: 7443 }], from: [{ ipBlock: { cidr: '192.0.2.0/24' } }] },
    ]);
    expect(connect.ports).toEqual([{ name: 'peers', containerPort: 7443 }]);
    expect(join_.args.at(-1)).toBe('0.0.0.0:7443');
    expect(portsOf(egress)).toEqual([[53, 53], [443, 7444], [7443]]);
    expect(ofKind('Service').spec).toMatchObject({
      type: 'LoadBalancer',
      ports: [{ port: 7443, targetPort: 'peers' }],
    });
  });

  itUnless(noHelm, 'opens nothing where it does not listen, and says what is missing', () => {
    const site = objectsOf(render(helm, rendering, '--set', 'listen.enabled=false'));
    const specOf = (kind) => site.find((object) => object.kind === kind).spec;
    expect(specOf('NetworkPolicy')).not.toHaveProperty('ingress');
    expect(specOf('Service')).toMatchObject({ clusterIP: 'None' });
    expect(specOf('Service')).not.toHaveProperty('ports');
    const [container] = specOf('StatefulSet').template.spec.containers;
    expect(container).not.toHaveProperty('ports');
    expect(JSON.stringify(site)).not.toContain('--listen');
    const none = ['--set-json', 'networkPolicy.peerPorts=[]', '--set-json', 'networkPolicy.controlPlanePorts=[]'];
    const closed = objectsOf(render(helm, rendering, ...none)).find(({ kind }) => kind === 'NetworkPolicy');
    expect(closed.spec.egress).toHaveLength(1);
    for (const [set, fault] of [
      ['controlPlane.url=', /controlPlane\.url is not set/],
      ['controlPlane.address=', /controlPlane\.address is not set/],
      ['invitation.existingSecret=', /invitation\.existingSecret is not set.*\n.*kubectl create secret generic/],
      ['listen.port=1', /additional properties 'port' not allowed/],
    ])
      expect(() => render(helm, rendering, '--set', set)).toThrow(fault);
    const claimed = objectsOf(render(helm, rendering, '--set', 'storage.existingClaim=tables'));
    const { spec } = claimed.find(({ kind }) => kind === 'StatefulSet');
    expect(spec).not.toHaveProperty('volumeClaimTemplates');
    expect(spec.template.spec.volumes).toContainEqual({ name: 'site', persistentVolumeClaim: { claimName: 'tables' } });
  });
});
