import { expect, it } from '@jest/globals';
import { isTracing, partOf, sibling, SpanKind, spanIdOfRun, startSpan, traceIds, traceparentOf } from '#libs/tracing';
import { startTracing } from './start-tracing.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

it('is off unless the environment asks for it, and then makes nothing', async () => {
  const off = [{}, { OTEL_TRACES_EXPORTER: 'none', ...ENDPOINT }, { OTEL_SDK_DISABLED: 'true', ...ENDPOINT }];
  for (const env of off) await (await startTracing('api', env))();
  expect(isTracing()).toBe(false);
  expect(startSpan('run psi', { parent: PARENT })).toBe(undefined);
  expect(traceparentOf()).toBe(undefined);
  expect(traceIds()).toEqual({});
  expect(await partOf('load-hop', SpanKind.CLIENT, {}, async () => 7)).toBe(7);
});

it('reads W3C contexts, and takes what is none for nothing', () => {
  const zeros = { trace: '0'.repeat(32), span: '0'.repeat(16) };
  expect(traceIds(PARENT)).toEqual({ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' });
  // What a later version adds is left out.
  expect(traceIds(PARENT.replace('00-', '01-') + '-more')).toEqual(traceIds(PARENT));
  for (const none of [
    '',
    'garbage',
    PARENT.slice(0, -1),
    PARENT.replace('00-', 'ff-'),
    PARENT.toUpperCase(),
    `00-${zeros.trace}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${zeros.span}-01`,
  ]) {
    expect([none, traceIds(none)]).toEqual([none, {}]);
  }
});

it("names the span of a run by the run's id, in its chain's trace", () => {
  const span = spanIdOfRun('1409c39b-8fd5-4600-81a6-fec8448e4aa0');
  expect(span).toBe('81a6fec8448e4aa0');
  expect(sibling(PARENT, span)).toBe('00-4bf92f3577b34da6a3ce929d0e0e4736-81a6fec8448e4aa0-01');
});

it('does not wait long for a collector that is down', async () => {
  const end = await startTracing('api', ENDPOINT);
  expect(isTracing()).toBe(true);
  startSpan('run psi', { parent: PARENT })!.end();
  const began = performance.now();
  await end();
  expect(performance.now() - began).toBeLessThan(1_500);
});
