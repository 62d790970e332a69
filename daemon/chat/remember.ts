/** Things remembered of interactions, so that a delivery that comes twice is known. Across a restart the ledger knows. */
const REMEMBERED = 1000;

/** Forgets the oldest of too many. */
export function remember(all: Map<string, unknown> | Set<string>): void {
  if (all.size <= REMEMBERED) return;
  for (const oldest of all.keys()) {
    all.delete(oldest);
    return;
  }
}
