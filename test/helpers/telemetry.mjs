// Replaces @opentelemetry/auto-instrumentations-node in tests. Load it with `node --import`. It writes the telemetry to the file
// TELEMETRY_FILE.
import { context, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { RPCType, setRPCMetadata } from '@opentelemetry/core';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { AsyncLocalStorage } from 'node:async_hooks';
import { renameSync, writeFileSync } from 'node:fs';
import { Server } from 'node:http';

const storage = new AsyncLocalStorage();
context.setGlobalContextManager({
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, call, self, ...args) => storage.run(active, () => call.apply(self, args)),
  bind: (_active, target) => target,
  enable() {
    return this;
  },
  disable() {
    return this;
  },
});

class Reader extends MetricReader {
  onForceFlush() {
    return Promise.resolve();
  }
  onShutdown() {
    return Promise.resolve();
  }
}
const reader = new Reader();
const spans = new InMemorySpanExporter();
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
const tracer = trace.getTracer('telemetry of the tests');

async function report() {
  // The spans come first: then the metrics of each reported span are complete.
  const finished = spans.getFinishedSpans().map(({ name, attributes, events }) => ({
    ...{ name, attributes },
    events: events.map((event) => ({ name: event.name, attributes: event.attributes })),
  }));
  const { resourceMetrics } = await reader.collect();
  const points = resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
    );
  const file = String(process.env['TELEMETRY_FILE']);
  writeFileSync(`${file}.next`, JSON.stringify({ points, spans: finished }));
  renameSync(`${file}.next`, file); // a reader never sees half of it
}
let reported = Promise.resolve();

// Like the HTTP instrumentation: a span around the request, named after the route when the response is closed.
/** @type {(this: Server, name: string, ...args: any[]) => boolean} */
const emit = Server.prototype.emit;

/** @type {typeof emit} */
function emitTraced(name, ...args) {
  if (name !== 'request') return emit.call(this, name, ...args);
  const [req, res] = args;
  const span = tracer.startSpan(req.method);
  const request = { type: RPCType.HTTP, span, route: '/auth' }; // as much as the Express instrumentation sees
  res.on('close', () => {
    span.updateName(`${req.method} ${request.route}`);
    span.setAttribute('http.route', request.route);
    layer.end();
    span.end();
    reported = reported.then(report);
  });
  const outer = setRPCMetadata(trace.setSpan(context.active(), span), request);
  const layer = tracer.startSpan('middleware', {}, outer); // like the Express instrumentation: a span for each layer
  return context.with(trace.setSpan(outer, layer), () => emit.call(this, name, ...args));
}
Server.prototype.emit = emitTraced;
