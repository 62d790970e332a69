import type { ProbeKind } from '../../ports/probe-kinds.ts';
import { tcp } from './tcp.ts';

/** Every kind of probe. A new one is a file in this folder and a line here. */
export const kinds = [tcp] as const satisfies readonly ProbeKind[];
