/** 2^18 bits in 32-bit words. */
const BITS = 1 << 18;

/** Four 18-bit positions out of the id's own hex digits, which are a hash already. */
function positions(jobId: string): number[] {
  const hex = jobId.slice('job_'.length);
  return [0, 7, 14, 21].map((at) => Number.parseInt(hex.slice(at, at + 7), 16) % BITS);
}

/** Adds an id to a Bloom filter (Bloom 1970): 30,000 ids give about 2 % false "maybe", never a false "no". */
export function remember(filter: number[], jobId: string): void {
  if (filter.length === 0) for (let i = 0; i < BITS / 32; i++) filter.push(0);
  for (const bit of positions(jobId)) {
    const word = bit >>> 5;
    filter[word] = ((filter[word] ?? 0) | (1 << (bit & 31))) >>> 0;
  }
}

/** False: certainly never added. True: probably; the ledger knows. */
export function maybeSeen(filter: readonly number[], jobId: string): boolean {
  if (filter.length === 0) return false;
  return positions(jobId).every((bit) => (((filter[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1);
}
