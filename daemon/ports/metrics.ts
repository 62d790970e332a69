/** One family of metrics that a feature adds to /metrics. Read when it is scraped. */
export interface MetricFamily {
  /** With its unit: `reeve_probe_latency_seconds`. */
  name: string;
  help: string;
  kind: 'gauge' | 'counter';
  labels: readonly string[];
  /** Values of the labels, in their order, and the value. */
  collect(): Iterable<readonly [labels: readonly string[], value: number]>;
}
