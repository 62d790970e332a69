import type { Json, JsonObject } from '../../contracts/json.ts';

/** Variables that every shell step has. Nothing is inherited from the daemon. */
export const BASE_NAMES = [
  'HOME',
  'LANG',
  'PATH',
  'REEVE_ATTEMPT_ID',
  'REEVE_ENV',
  'REEVE_JOB_ID',
  'REEVE_OUTPUT',
  'REEVE_PROJECT',
  'REEVE_PROJECT_PATH',
  'REEVE_ROOT',
  'REEVE_SCRATCH',
  'REEVE_STEP',
  'TMPDIR',
  'TZ',
] as const;

const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_');

export const inputVariable = (name: string): string => `REEVE_INPUT_${upper(name)}`;
/** Outputs of earlier steps. Step names have no double underscore, so no two outputs share a variable. */
export const outputVariable = (step: string, name: string): string =>
  `REEVE_STEP_${upper(step)}__${upper(name)}`;
export const secretVariable = upper;

/** An input as a shell sees it. */
export const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Names of the variables a shell step sees, sorted. `REEVE_STEP_*` stands for outputs, which only running shows. */
export function environmentNames(inputs: JsonObject, secrets: readonly string[]): string[] {
  return [
    ...BASE_NAMES,
    ...Object.keys(inputs).map(inputVariable),
    ...secrets.map(secretVariable),
    'REEVE_STEP_*',
  ].sort();
}

/**
 * Variables through which other programs can be made to run code, or that this environment sets itself: no secret may
 * have such a name (ATTACKS 47).
 */
const RESERVED = new RegExp(
  `^(?:${[
    'REEVE_.*',
    'LD_.*',
    'DYLD_.*',
    'LC_.*',
    'LANG|HOME|PATH|TMPDIR|TZ|SHELL|IFS|ENV|PS[0-9]|CDPATH|PWD|OLDPWD|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE',
    'BASH_.*|BASHOPTS|SHELLOPTS|PROMPT_COMMAND',
    'NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_.*|NODE_REDIRECT_WARNINGS|NPM_CONFIG_.*',
    'GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|EXTERNAL_DIFF|PAGER|EDITOR|SEQUENCE_EDITOR|CONFIG.*|EXEC_PATH|PROXY_COMMAND|DIR|WORK_TREE|TEMPLATE_DIR|ALLOW_PROTOCOL)',
    'SSH_ASKPASS|SUDO_ASKPASS',
    'PERL5.*|PERLLIB|PYTHON.*|RUBY.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH',
    'GCONV_PATH|GLIBC_TUNABLES|MALLOC_.*|HOSTALIASES|RESOLV_.*|OPENSSL_CONF|OPENSSL_ENGINES|SSL_CERT_.*',
    'HTTPS?_PROXY|ALL_PROXY|NO_PROXY',
  ].join('|')})$`,
);
export const isReservedVariable = (name: string): boolean => RESERVED.test(name);
