/** Attributes of a fence in the style of Runme: `{ name=restore timeout=5m title="two words" }`. */
export interface Attributes {
  values: Record<string, string>;
  problems: string[];
}

const KEY = /^[a-z][a-z0-9_-]{0,40}$/;

/**
 * Reads the text from `{` to the end of the fence line. Values are bare words or quoted with `"` or `'`; within double
 * quotes `\"` and `\\` stand for themselves.
 */
export function parseAttributes(text: string): Attributes {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  const problems: string[] = [];
  let i = 1;
  for (;;) {
    while (text[i] === ' ' || text[i] === '\t' || text[i] === ',') i++;
    if (text[i] === '}') break;
    if (i >= text.length) {
      problems.push('the attributes do not end: a } is missing');
      return { values, problems };
    }
    const start = i;
    while (i < text.length && !/[\s=},]/.test(text[i] ?? '')) i++;
    const key = text.slice(start, i);
    if (text[i] !== '=') {
      problems.push(`the attribute "${key}" has no value: write ${key === '' ? 'name' : key}=…`);
      if (i === start) i++;
      continue;
    }
    const value = readValue(text, i + 1);
    if (value === undefined) {
      problems.push(`the value of ${key} has no closing quote`);
      return { values, problems };
    }
    i = value.next;
    if (!KEY.test(key)) problems.push(`"${key}" is no attribute name`);
    else if (key in values) problems.push(`the attribute ${key} is given twice`);
    else values[key] = value.text;
  }
  if (text.slice(i + 1).trim() !== '') problems.push(`there is text after the attributes' }`);
  return { values, problems };
}

function readValue(text: string, from: number): { text: string; next: number } | undefined {
  const quote = text[from];
  if (quote !== '"' && quote !== "'") {
    let i = from;
    while (i < text.length && !/[\s}]/.test(text[i] ?? '')) {
      // A placeholder may hold a brace of its own.
      if (text.startsWith('${', i)) i = Math.max(i, text.indexOf('}', i));
      i++;
    }
    return { text: text.slice(from, i), next: i };
  }
  let value = '';
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i] ?? '';
    if (c === quote) return { text: value, next: i + 1 };
    const next = text[i + 1];
    if (quote === '"' && c === '\\' && (next === '"' || next === '\\')) {
      value += next;
      i++;
    } else value += c;
  }
  return undefined;
}
