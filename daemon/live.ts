import type { Live, LiveEvent } from './ports/live.ts';

/** In-process hub of running steps' lines. A listener that throws loses its event, nobody else's. */
export function createLive(): Live {
  const listeners = new Set<(event: LiveEvent) => void>();
  return {
    publish(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
