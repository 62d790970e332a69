import type { Json } from '../../../contracts/json.ts';
import { oneLine } from '../../text.ts';
import { textOf } from '../environment.ts';
import type { ExpectSpec } from './parse.ts';
import type { Answer } from '../../outgoing.ts';

const MAX_VALUE = 4096;

/** Why an answer is not what was expected, or what it hands on. */
export function judgeAnswer(
  answer: Answer,
  expect: ExpectSpec,
): { why: string } | { outputs: Record<string, string> } {
  const { status } = answer;
  const fits = expect.status.some(
    (want) => want === String(status) || want === `${Math.floor(status / 100)}xx`,
  );
  if (!fits) return { why: `the status is ${status}, not ${expect.status.join(' or ')}` };
  const outputs: Record<string, string> = { status: String(status) };
  const wanted = Object.entries(expect.json);
  const handed = Object.entries(expect.outputs);
  if (wanted.length + handed.length === 0) return { outputs };
  let body: Json;
  try {
    body = JSON.parse(answer.body.toString('utf8')) as Json;
  } catch {
    return { why: 'the answer is not JSON' };
  }
  for (const [pointer, value] of wanted) {
    const found = at(body, pointer);
    if (found === undefined) return { why: `there is nothing at ${pointer}` };
    if (textOf(found) !== value) return { why: `${pointer} is ${oneLine(textOf(found), 200)}, not ${value}` };
  }
  for (const [name, pointer] of handed) {
    const found = at(body, pointer);
    if (found === undefined) return { why: `there is nothing at ${pointer}` };
    const text = textOf(found);
    if (text.length > MAX_VALUE)
      return { why: `the value at ${pointer} has more than ${MAX_VALUE} characters` };
    outputs[name] = text;
  }
  return { outputs };
}

/** The value a JSON Pointer names (RFC 6901). */
export function at(root: Json, pointer: string): Json | undefined {
  let here: Json | undefined = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) here = /^(?:0|[1-9]\d{0,9})$/.test(key) ? here[Number(key)] : undefined;
    else if (typeof here === 'object' && here !== null)
      here = Object.hasOwn(here, key) ? here[key] : undefined;
    else return undefined;
  }
  return here;
}
