import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  createFormatter,
  createParser,
  createProgram,
  DEFAULT_CONFIG,
  SchemaGenerator,
  type CompletedConfig,
  type NodeParser,
  type SubNodeParser,
} from 'ts-json-schema-generator';

/**
 * Writes the JSON schemas by which the chat stand-ins judge what the bots send, out of the platforms' own published types:
 * nobody here wrote them. With `--check` it only says whether they are those of the installed packages. The generator brings
 * its own TypeScript 6.
 */
const SCHEMAS = ['discord', 'slack'];
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

for (const name of SCHEMAS) {
  const file = `test/fixtures/standins/${name}.schema.json`;
  const text = `${JSON.stringify(named(generate(`test/standins/${name}/types.ts`)))}\n`;
  if (!values.check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what the installed types say: npm run generate`);
    process.exitCode = 1;
  }
}

function generate(path: string): object {
  const config: CompletedConfig = {
    ...DEFAULT_CONFIG,
    path,
    tsconfig: 'test/standins/platform/tsconfig.schemas.json',
    type: 'Sent',
    topRef: false,
    skipTypeCheck: true,
    jsDoc: 'none',
    additionalProperties: false,
  };
  const program = createProgram(config);
  const parser = createParser(program, config, (chain) =>
    chain.addNodeParser(sameShape(chain as unknown as NodeParser)),
  );
  return new SchemaGenerator(program, parser, createFormatter(config), config).createSchema('Sent');
}

/** A helper type of discord-api-types that changes nothing of the shape, and that the generator cannot see through. */
function sameShape(parser: NodeParser): SubNodeParser {
  const HELPER = '_AddUndefinedToPossiblyUndefinedPropertiesOfInterface';
  interface Reference {
    typeName?: { text?: string };
    expression?: { text?: string };
    typeArguments?: Parameters<NodeParser['createType']>[0][];
  }
  return {
    supportsNode: (node) => {
      const { typeName, expression, typeArguments } = node as unknown as Reference;
      return typeArguments?.length === 1 && (typeName ?? expression)?.text === HELPER;
    },
    createType: (node, context) => {
      const [inner] = (node as unknown as Required<Reference>).typeArguments;
      return parser.createType(inner as NonNullable<typeof inner>, context);
    },
  };
}

/** The generator calls nameless types by a hash of where they stand on this machine: they get numbers. */
function named(schema: object): unknown {
  const names = new Map<string, string>();
  const short = (name: string): string => {
    if (/^\w+$/u.test(name)) return name;
    if (!names.has(name)) names.set(name, `T${names.size + 1}`);
    return names.get(name) ?? name;
  };
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key === '$ref')
      return `#/definitions/${short(decodeURIComponent(String(value).slice('#/definitions/'.length)))}`;
    // `T & {}`, which means "T, but not undefined", would only let objects through.
    if (key === 'allOf')
      return (value as object[]).filter(
        (one) => !('properties' in one) || Object.keys(one.properties as object).length > 0,
      );
    if (key !== 'definitions') return value;
    // Flags are sums of the enum's values, which JSON schema cannot say.
    return Object.fromEntries(
      Object.entries(value as object).map(([name, one]) => [
        short(name),
        name.endsWith('Flags') ? { type: 'integer' } : one,
      ]),
    );
  });
}
