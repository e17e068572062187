import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { breakingChanges, unnamed } from './api-changes.js';
import { ROOT } from './steps.js';

const textOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const now = () => JSON.parse(textOf('openapi.json'));

describe('the API against that of the last release', () => {
  it('breaks nothing but what the changelog names', async () => {
    const changes = await breakingChanges(JSON.parse(textOf('openapi.last.json')), now());
    // A break that is meant goes under "### Breaking" of [Unreleased] in CHANGELOG.md.
    expect(unnamed(changes, textOf('CHANGELOG.md'))).toEqual([]);
  });

  it('is held to every operation, request and answer', async () => {
    const changed = now();
    const { paths, components } = changed;
    const { schemas } = components;
    delete paths['/api/v1/chains/{chain_id}'].delete;
    delete paths['/api/v1/events'];
    paths['/api/v1/keys'].get.operationId = 'keys';
    paths['/api/v1/chains'].get.parameters.find(({ name }: { name: string }) => name === 'page_size').schema.maximum =
      100;
    paths['/api/v1/task-types'].get.parameters = [
      { name: 'kind', in: 'query', required: true, description: 'New.', schema: { type: 'string' } },
    ];
    schemas.CreateChainRequest.required.push('description');
    schemas.CreateChainRequest.properties.execute.type = 'string';
    delete schemas.CreateChainRequest.properties.metadata;
    delete schemas.DeliveryDto.properties.error;
    schemas.ArtifactDto.required = schemas.ArtifactDto.required.filter((name: string) => name !== 'sha256');
    schemas.LogLevel.enum.push('fatal');
    const found = await breakingChanges(now(), changed);
    const messages = found.map(({ operation, message }) => `${operation}: ${message}`);
    for (const part of [
      'DELETE /api/v1/chains/{chain_id}: Operation',
      '/api/v1/events: Path',
      'GET /api/v1/keys: `operationId`',
      "GET /api/v1/chains: Upper bound changed from '<= 200' to '<= 100'",
      'GET /api/v1/task-types: Required `kind`',
      'POST /api/v1/chains: Properties became required: `description`',
      'POST /api/v1/chains/validate: Properties became required: `description`',
      'POST /api/v1/chains: Type of `execute`',
      'POST /api/v1/chains: Property `metadata` was removed',
      'GET /api/v1/webhooks/{webhook_id}/deliveries: Property `error` was removed',
      'GET /api/v1/chains/{chain_id}/tasks/{task_id}/artifacts: Properties are no longer required: `sha256`',
      "GET /api/v1/chains/{chain_id}/tasks/{task_id}/logs: Enum of `level` gained values: 'fatal'",
    ])
      expect(messages).toEqual(expect.arrayContaining([expect.stringContaining(part)]));
    const changelog =
      '## [Unreleased]\n\n### Breaking\n\n- `metadata` and `fatal`, `GET /api/v1/chains`\n\n### Added\n\n- `sha256`\n';
    const left = unnamed(found, changelog).map(({ message }) => message);
    expect(left.filter((message) => /`metadata`|'fatal'|Upper bound/.test(message))).toEqual([]);
    expect(left.filter((message) => /`sha256`|`error`/.test(message)).length).toBeGreaterThan(0);
  });

  it('may grow', async () => {
    const grown = now();
    const { paths, components } = grown;
    paths['/api/v1/fresh'] = { get: { ...paths['/api/v1/keys'].get, operationId: 'listFresh' } };
    components.schemas.ChainDto.properties.fresh = { type: 'string' };
    components.schemas.ChainDto.required.push('fresh');
    components.schemas.CreateChainRequest.properties.fresh = { type: 'string' };
    components.schemas.CreateChainRequest.properties.tasks.items.properties.execution_mode.enum.push('fresh');
    paths['/api/v1/keys'].get.parameters = [{ name: 'fresh', in: 'query', schema: { type: 'string' } }];
    expect(await breakingChanges(now(), grown)).toEqual([]);
  });
});
