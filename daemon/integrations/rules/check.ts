import type { EstateConfig } from '../../../contracts/estate.ts';
import type { EstateCheck } from '../../ports/estate-check.ts';
import { BadCondition, compileCondition } from './condition.ts';

type Tell = Parameters<EstateCheck>[1];

/** What no schema can see in `rules:`. */
export function checkRules({ rules, integrations }: EstateConfig, tell: Tell): void {
  for (const [name, spec] of Object.entries(rules)) {
    const at = ['rules', name];
    const source = spec.on.slice(0, spec.on.indexOf('.'));
    const there =
      source === 'github'
        ? integrations.github !== undefined
        : source === 'linear'
          ? integrations.linear !== undefined
          : Object.hasOwn(integrations.generic, source.slice('generic/'.length));
    if (!there) tell.error([...at, 'on'], `nobody calls in from ${source}: add it under integrations:`);
    if (spec.if !== undefined) compile(spec.if, [...at, 'if']);
    for (const [input, value] of Object.entries(spec.inputs))
      if (typeof value === 'object') compile(value.from, [...at, 'inputs', input, 'from']);
  }

  function compile(text: string, at: string[]): void {
    try {
      compileCondition(text);
    } catch (error) {
      if (!(error instanceof BadCondition)) throw error;
      tell.error(at, error.message);
    }
  }
}
