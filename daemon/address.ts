import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/*
 * Where outgoing requests may go. Anyone who can influence a URL would otherwise reach the machine's own services, the
 * private network and the cloud's metadata service (SSRF). Names are resolved first and the addresses are judged, so a
 * name that resolves differently later (DNS rebinding) gains nothing as long as the caller connects to what was judged.
 */

type Family = 'ipv4' | 'ipv6';
interface Range {
  /** Allowed by naming the host. Otherwise only by naming the address or a CIDR block that holds it. */
  byName: boolean;
  why: string;
  list: BlockList;
}

function range(why: string, byName: boolean, blocks: readonly string[]): Range {
  const list = new BlockList();
  for (const text of blocks) addBlock(list, text);
  return { why, byName, list };
}

function addBlock(list: BlockList, text: string): boolean {
  const slash = text.indexOf('/');
  const net = slash < 0 ? text : text.slice(0, slash);
  const family = familyOf(net);
  if (family === undefined) return false;
  const width = family === 'ipv4' ? 32 : 128;
  const bits = slash < 0 ? width : Number(text.slice(slash + 1));
  if (!Number.isInteger(bits) || bits < 0 || bits > width || text.endsWith('/')) return false;
  list.addSubnet(net, bits, family);
  return true;
}

const familyOf = (address: string): Family | undefined =>
  isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;

/** IANA special-purpose address registries (RFC 6890), and the metadata services of the large clouds. */
const RANGES: readonly Range[] = [
  range('it is a metadata or link-local address', false, [
    '169.254.0.0/16',
    'fe80::/10',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
  ]),
  range('it is a reserved or multicast address', false, [
    '0.0.0.0/8',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '::/128',
    '100::/64',
    '2001:db8::/32',
    'fec0::/10',
    'ff00::/8',
    // Teredo (RFC 4380) and IPv4-translated (RFC 2765): an IPv4 address in disguise, and nothing lives there any more.
    '2001::/32',
    '::ffff:0:0:0/96',
  ]),
  range('it is this machine itself', true, ['127.0.0.0/8', '::1/128']),
  range('it is a private address', true, [
    '10.0.0.0/8',
    '100.64.0.0/10',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '198.18.0.0/15',
    'fc00::/7',
  ]),
];

/**
 * Why a request to `address` (an IP literal) must not be made; undefined when it may.
 *
 * @param host the name or literal in the URL, lower case, without brackets
 * @param allowed entries of network.allow: `host`, `host:port`, an IP address, or a CIDR block
 */
export function addressProblem(
  address: string,
  host: string,
  port: number,
  allowed: readonly string[],
): string | undefined {
  if (isIP(address) === 0) return 'it is no IP address';
  const seen = [address, ...embedded(address)];
  const allowList = new BlockList();
  const names = new Set<string>();
  for (const entry of allowed) {
    const bare = entry
      .trim()
      .toLowerCase()
      .replace(/^\[(.*)\]$/, '$1');
    if (!addBlock(allowList, bare)) names.add(bare);
  }
  if (seen.every((one) => inside(allowList, one))) return undefined;
  const named = names.has(host) || names.has(`${host}:${port}`) || names.has(`[${host}]:${port}`);
  for (const { byName, why, list } of RANGES) {
    const hit = seen.find((one) => inside(list, one));
    if (hit === undefined || (byName && named)) continue;
    if (inside(allowList, hit) || seen.some((one) => literalNamed(one, port, names))) continue;
    return why;
  }
  return undefined;
}

const literalNamed = (address: string, port: number, names: ReadonlySet<string>): boolean =>
  names.has(`${address}:${port}`) || names.has(`[${address}]:${port}`);

function inside(list: BlockList, address: string): boolean {
  const family = familyOf(address);
  return family !== undefined && list.check(address, family);
}

/** IPv4 addresses that an IPv6 one stands for: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embedded(address: string): string[] {
  if (!isIPv6(address)) return [];
  const words = wordsOf(address);
  const [a, b, c, d, e, f, g = 0, h = 0] = words;
  const v4 = (hi: number, lo: number): string => [hi >> 8, hi & 255, lo >> 8, lo & 255].join('.');
  const zero = [a, b, c, d, e].every((word) => word === 0);
  if (zero && (f === 0xffff || (f === 0 && (g !== 0 || h > 1)))) return [v4(g, h)];
  if (a === 0x64 && b === 0xff9b) return [v4(g, h)];
  if (a === 0x2002) return [v4(b ?? 0, c ?? 0)];
  return [];
}

/** The eight 16-bit words of an IPv6 address. */
function wordsOf(address: string): number[] {
  const bare = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes) => {
    const [w = 0, x = 0, y = 0, z = 0] = bytes.slice(0, 4).map(Number);
    return `${((w << 8) | x).toString(16)}:${((y << 8) | z).toString(16)}`;
  });
  const [left = '', right] = bare.split('::');
  const parse = (part: string): number[] => (part === '' ? [] : part.split(':').map((w) => parseInt(w, 16)));
  const head = parse(left);
  const tail = right === undefined ? [] : parse(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
