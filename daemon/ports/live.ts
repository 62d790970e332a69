/** Lines of running steps on their way to whoever watches. Never durable; slow watchers lose lines, not the job. */
export interface Live {
  publish(event: LiveEvent): void;
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

export interface LiveEvent {
  event: 'log';
  job_id: string;
  attempt_id: string;
  step: string;
  stream: 'stdout' | 'stderr' | 'reeve';
  /** Number of the first of these lines in the attempt's log, from 0. */
  at?: number;
  lines: string[];
}
