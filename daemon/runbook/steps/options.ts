import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { Encode } from '../template.ts';
import { StepMistake, type StepSource } from './kind.ts';

/** Options of a step: its text as a YAML mapping. Empty text is no options. @throws {StepMistake} */
export function optionsOf(source: StepSource): JsonObject {
  if (source.step.text.trim() === '') return {};
  const value = source.yaml();
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new StepMistake('its text is a YAML mapping: name: value', 1);
  return value;
}

/** A JSON value with every text in it filled. */
export async function fillJson(
  value: Json,
  fill: (text: string, encode?: Encode) => string | Promise<string>,
): Promise<Json> {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return Promise.all(value.map((member) => fillJson(member, fill)));
  return typeof value === 'object' && value !== null ? fillObject(value, fill) : value;
}

export async function fillObject(
  value: JsonObject,
  fill: (text: string, encode?: Encode) => string | Promise<string>,
): Promise<JsonObject> {
  const entries = Object.entries(value).map(async ([name, member]): Promise<[string, Json]> => [
    name,
    await fillJson(member, fill),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Every text in a JSON value. */
export function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
