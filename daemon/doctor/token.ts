import { ReeveError } from '../../contracts/errors.ts';
import type { Asked } from './ask.ts';

/** `missing`: there is no token to ask with. */
export type Got = Asked | { is: 'missing' };

export async function without(ask: () => Promise<Asked>): Promise<Got> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'SECRET_NOT_FOUND') return { is: 'missing' };
    throw error;
  }
}

const memory = new WeakMap<object, Map<string, Promise<Got>>>();

/** The same question of the same examination is asked once. */
export function once(of: object, key: string, ask: () => Promise<Got>): Promise<Got> {
  const known = memory.get(of) ?? new Map<string, Promise<Got>>();
  memory.set(of, known);
  let answer = known.get(key);
  if (answer === undefined) known.set(key, (answer = ask()));
  return answer;
}
