import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Link,
  type Span,
  type SpanKind,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';

export { SpanKind, type Span } from '@opentelemetry/api';

let tracer: Tracer | undefined;
let chosenSpanId: string | undefined;

/** Spans are made by this tracer from now on. Nobody calls it where tracing is off: everything here is then one look at a variable. */
export function traceWith(made: Tracer): void {
  tracer = made;
}

/** Whether spans are made. */
export function isTracing(): boolean {
  return tracer !== undefined;
}

/** The id that the span which is being started must have, if one was chosen: for the SDK's generator of ids. */
export function takeChosenSpanId(): string | undefined {
  const id = chosenSpanId;
  chosenSpanId = undefined;
  return id;
}

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** W3C `traceparent` of the span above; undefined: the span begins its own trace. */
  readonly parent?: string;
  /** W3C `traceparent`s of spans that this one follows from. What can't be read is left out. */
  readonly links?: readonly (string | undefined)[];
  /** Ids, names and counts. Never parameters, results or anything secret. */
  readonly attributes?: Attributes;
  /** 16 hexadecimal digits. */
  readonly spanId?: string;
}

/** A span that has begun and must be ended; undefined where tracing is off. */
export function startSpan(name: string, options: SpanOptions = {}): Span | undefined {
  if (tracer === undefined) return undefined;
  const { kind, attributes, parent, links = [] } = options;
  const above = readTraceparent(parent);
  chosenSpanId = options.spanId;
  return tracer.startSpan(
    name,
    { kind, attributes, links: links.flatMap(linkTo) },
    above === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, above),
  );
}

/** Runs work with the span as the active one, which `partOf` and the log go by. */
export function within<T>(span: Span | undefined, work: () => T): T {
  return span === undefined ? work() : context.with(trace.setSpan(ROOT_CONTEXT, span), work);
}

/** Runs work in a span below the active one; without an active one as it is: what idles by itself makes no traces. */
export function partOf<T>(name: string, kind: SpanKind, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  if (tracer === undefined || trace.getActiveSpan() === undefined) return work();
  return inSpan(tracer.startSpan(name, { kind, attributes }), work);
}

async function inSpan<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    failed(span, (error as { code?: string }).code ?? 'error');
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed. The code alone: a message may quote what was worked on. */
export function failed(span: Span | undefined, code: string): void {
  span?.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', code);
}

/** The W3C `traceparent` of a span, or of the active one. */
export function traceparentOf(span: Span | undefined = activeSpan()): string | undefined {
  if (span === undefined) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
}

/** The `traceparent` of another span of the same trace. */
export function sibling(traceparent: string, spanId: string): string {
  return `${traceparent.slice(0, 36)}${spanId}${traceparent.slice(52)}`;
}

/** The span id of a worker's run: the end of the run's id, so that whoever knows a run can name its span. */
export function spanIdOfRun(runId: string): string {
  return runId.replaceAll('-', '').slice(-16);
}

/** What a log line says of a span, or of the active one. */
export function traceIds(traceparent: string | undefined = traceparentOf()): { trace_id?: string; span_id?: string } {
  const found = readTraceparent(traceparent);
  return found === undefined ? {} : { trace_id: found.traceId, span_id: found.spanId };
}

function activeSpan(): Span | undefined {
  return tracer === undefined ? undefined : trace.getActiveSpan();
}

function linkTo(traceparent: string | undefined): Link[] {
  const found = readTraceparent(traceparent);
  return found === undefined ? [] : [{ context: found }];
}

function readTraceparent(text: string | undefined): SpanContext | undefined {
  const match = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/.exec(text ?? '');
  if (match === null || match[0].startsWith('ff')) return undefined;
  const found = { traceId: match[1]!, spanId: match[2]!, traceFlags: parseInt(match[3]!, 16) & 1, isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}
