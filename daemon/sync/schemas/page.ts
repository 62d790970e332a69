import type { SchemaSource } from '../../../contracts/estate/sync.ts';
import { day } from '../../calendar.ts';
import { inMarkdown } from '../../markdown.ts';
import { oneLine } from '../../text.ts';
import { plural } from '../../../contracts/units.ts';
import { isObject, type SchemaDocument } from './document.ts';
import type { SchemasState } from './projection.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'];
const MAX_ROWS = 500;
/** Versions whose changes are told, and changes of each. */
const MAX_TOLD = 10;
const MAX_CHANGES = 30;

const say = (value: unknown, max = 200): string =>
  typeof value === 'string' ? inMarkdown(oneLine(value, max)) : '';

/** What people and agents read instead of the whole schema: where it is from, what it offers, what changed when. */
export function schemaPage(
  name: string,
  source: SchemaSource,
  file: string,
  { kind, version, value }: SchemaDocument,
  versions: SchemasState[string],
  timezone: string,
): string {
  const info = isObject(value['info']) ? value['info'] : {};
  const newest = versions.at(-1);
  const title = say(info['title'] ?? value['title']);
  return [
    `## ${name}${title === '' ? '' : `: ${title}`}`,
    '',
    `- Kind: ${kind} ${say(version)}${info['version'] === undefined ? '' : `, version ${say(info['version'])}`}`,
    `- From: ${say(source.url ?? source.file, 500)}`,
    `- Here: [${file.split('/').at(-1) ?? file}](${file.split('/').at(-1) ?? file})`,
    ...(newest === undefined ? [] : [`- Digest: \`${newest.digest}\`, since ${day(newest.at, timezone)}`]),
    '',
    ...(kind === 'OpenAPI' ? operations(value) : properties(value)),
    ...changed(versions, timezone),
  ]
    .join('\n')
    .trimEnd();
}

function operations(value: Record<string, unknown>): string[] {
  const paths = isObject(value['paths']) ? value['paths'] : {};
  const rows = Object.entries(paths).flatMap(([path, item]) =>
    !isObject(item)
      ? []
      : METHODS.flatMap((method) => {
          const operation = item[method];
          if (!isObject(operation)) return [];
          const about = say(
            operation['summary'] ?? operation['operationId'] ?? operation['description'],
            160,
          );
          return [`| ${method.toUpperCase()} | ${say(path, 300)} | ${about} |`];
        }),
  );
  const { schemas } = isObject(value['components']) ? value['components'] : { schemas: value['definitions'] };
  return [
    ...table(['method', 'path', 'what'], rows, 'It has no operations.'),
    ...names('Schemas', isObject(schemas) ? Object.keys(schemas) : []),
  ];
}

function properties(value: Record<string, unknown>): string[] {
  const all = isObject(value['properties']) ? value['properties'] : {};
  const required = new Set(Array.isArray(value['required']) ? value['required'] : []);
  const rows = Object.entries(all).map(([name, spec]) => {
    const { type, $ref, description } = isObject(spec) ? spec : {};
    const kind = Array.isArray(type) ? type.join(', ') : (type ?? $ref);
    return `| ${say(name)} | ${say(kind)} | ${required.has(name) ? 'yes' : ''} | ${say(description, 160)} |`;
  });
  const definitions = value['$defs'] ?? value['definitions'];
  return [
    ...table(['property', 'type', 'required', 'what'], rows, 'It names no properties.'),
    ...names('Definitions', isObject(definitions) ? Object.keys(definitions) : []),
  ];
}

function table(head: readonly string[], rows: readonly string[], none: string): string[] {
  if (rows.length === 0) return [none, ''];
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.slice(0, MAX_ROWS),
    ...(rows.length > MAX_ROWS ? ['', `And ${rows.length - MAX_ROWS} more.`] : []),
    '',
  ];
}

const names = (what: string, all: readonly string[]): string[] =>
  all.length === 0
    ? []
    : [
        `${what}: ${all
          .slice(0, MAX_ROWS)
          .map((name) => say(name))
          .join(', ')}${all.length > MAX_ROWS ? ` and ${all.length - MAX_ROWS} more` : ''}.`,
        '',
      ];

/** None are known where only its form is another, or what it was before was not there to look at. */
export const differ = (count: number): string => (count === 0 ? 'changed' : plural(count, 'difference'));

function changed(versions: SchemasState[string], timezone: string): string[] {
  const told = versions.toReversed().slice(0, MAX_TOLD);
  if (told.length === 0) return [];
  return [
    '### Changes',
    '',
    ...told.flatMap(({ at, before, digest, changes, more }) => [
      `- ${day(at, timezone)}: ${before === null ? 'mirrored for the first time' : differ(changes.length + more)}, \`${digest.slice(7, 19)}\``,
      ...changes.slice(0, MAX_CHANGES).map((line) => `  - ${say(line, 280)}`),
      ...(changes.length + more > MAX_CHANGES ? [`  - and ${changes.length + more - MAX_CHANGES} more`] : []),
    ]),
  ];
}
