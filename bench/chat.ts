import { idleMemory } from './chat-memory.ts';
import { edits, speed } from './chat-speed.ts';
import { PLATFORMS } from './chat-town.ts';
import type { Bench } from './types.ts';

export const benches: Bench[] = PLATFORMS.flatMap((platform) => [
  ...speed(platform),
  idleMemory(platform),
  edits(platform),
]);
