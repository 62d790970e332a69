import type { ErrorTable } from './table.ts';

export const apiErrors = {
  BODY_INVALID: {
    status: 400,
    exit: 'usage',
    message: 'The request is invalid: {why}.',
    hint: 'Compare it with /openapi.json.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    exit: 'usage',
    message: 'The request is larger than {max} bytes.',
    hint: 'Send less, or store it as an artifact first.',
  },
  TOKEN_MISSING: {
    status: 401,
    exit: 'refused',
    message: 'This address needs a token.',
    hint: 'Send `Authorization: Bearer …`; `reeve open --print-token` shows yours.',
  },
  TOKEN_INVALID: {
    status: 401,
    exit: 'refused',
    message: 'The token is not valid.',
    hint: 'Get the current one with `reeve open --print-token`.',
  },
  HOST_REFUSED: {
    status: 421,
    exit: 'refused',
    message: 'The Host header {host} is not this daemon.',
    hint: "Use 127.0.0.1 or localhost with the daemon's port.",
  },
  ORIGIN_REFUSED: {
    status: 403,
    exit: 'refused',
    message: 'Requests from the origin {origin} are refused.',
    hint: 'Use the page this daemon serves itself (`reeve open`).',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    exit: 'usage',
    message: 'There is nothing at {method} {path}.',
    hint: 'See /openapi.json.',
  },
  RATE_LIMITED: {
    status: 429,
    exit: 'refused',
    message: 'Too many requests.',
    hint: 'Wait {seconds} s and try again.',
  },
  CALLER_NAMED: {
    status: 400,
    exit: 'refused',
    message: 'A caller may not name its own person.',
    hint: 'Leave out {field}; who you are follows from the connection.',
  },
  BODY_TYPE: {
    status: 415,
    exit: 'usage',
    message: 'A body of type {type} is refused.',
    hint: 'Send JSON with `Content-Type: application/json`.',
  },
  BODY_ENCODING: {
    status: 415,
    exit: 'usage',
    message: 'A body encoded as {encoding} is refused.',
    hint: 'Send it uncompressed, without Content-Encoding.',
  },
  REQUEST_MALFORMED: {
    status: 400,
    exit: 'usage',
    message: 'The request is not valid HTTP/1.1.',
    hint: 'Use an ordinary HTTP client.',
  },
  REQUEST_SLOW: {
    status: 408,
    exit: 'refused',
    message: 'The request did not arrive in time.',
    hint: 'Send it in one go.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    exit: 'usage',
    message: 'The request headers are too large.',
    hint: 'Send fewer and shorter headers.',
  },
  TOO_MANY_STREAMS: {
    status: 503,
    exit: 'refused',
    message: 'All {max} event streams are in use.',
    hint: 'Close a page or a `--follow` that is no longer needed.',
  },
  SOCKET_PATH_TOO_LONG: {
    status: 400,
    exit: 'usage',
    message: 'The socket path {path} has {bytes} bytes; the system allows {max}.',
    hint: 'Set REEVE_HOME to a shorter path.',
  },
  PORT_REFUSED: {
    status: 400,
    exit: 'usage',
    message: 'The address 127.0.0.1:{port} cannot be opened: {why}.',
    hint: 'Choose another with --port or REEVE_PORT (0 takes any free one).',
  },
  NOT_READY: {
    status: 503,
    exit: 'unreachable',
    message: 'The daemon is starting.',
    hint: 'Try again in a moment.',
  },
} as const satisfies ErrorTable;
