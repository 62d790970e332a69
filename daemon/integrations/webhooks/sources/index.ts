import type { SourceKind } from '../source.ts';
import { generic } from './generic.ts';
import { github } from './github.ts';
import { linear } from './linear.ts';

export const sources = { generic, github, linear } as const satisfies Record<SourceKind['kind'], SourceKind>;
