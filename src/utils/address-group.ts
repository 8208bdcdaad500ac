import type { IPv6 } from 'ipaddr.js';
import { readAddress } from './address.js';

/** The one group of all clients without a valid address. */
export const UNKNOWN_ADDRESS = 'unknown';

type Parts = readonly number[];

/** Where the client's IPv4 address is, in parts of 16 bits, by the names that ipaddr.js has for these ranges. */
const IPV4_INSIDE: { readonly [range: string]: ((parts: Parts) => Parts) | undefined } = {
  rfc6052: (parts) => parts.slice(6), // NAT64: 64:ff9b::/96 (RFC 6052) and 64:ff9b:1::/48 (RFC 8215)
  rfc6145: (parts) => parts.slice(6), // SIIT, "IPv4-translated": ::ffff:0:0:0/96
  '6to4': (parts) => parts.slice(1, 3), // 2002::/16 (RFC 3056)
  teredo: (parts) => parts.slice(6).map((part) => part ^ 0xffff), // 2001::/32, inverted (RFC 4380)
};

/**
 * What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which belongs to one subscriber. Behind a
 * translator or a tunnel one /64 belongs to thousands of people, or one person has thousands of them: the IPv4 address inside
 * counts. Only limits, and the hash of a refresh's origin, go by this. Sessions and events show the address as it came, as the log of a proxy does.
 */
export function addressGroup(ip: string | undefined): string {
  const address = ip && readAddress(ip);
  if (!address) return UNKNOWN_ADDRESS;
  if (typeof address === 'string') return address;
  return ipv4Inside(address) ?? `${address.parts.slice(0, 4).map(hex).join(':')}::/64`;
}

/**
 * The network of an `addressGroup`, of which one customer may rent all: the /24 of an IPv4 address, the /48 of an IPv6 address.
 * Undefined for clients without a valid address.
 */
export function addressNetwork(group: string): string | undefined {
  if (group === UNKNOWN_ADDRESS) return undefined;
  if (group.includes(':')) return `${group.split(':').slice(0, 3).join(':')}::/48`;
  return `${group.split('.').slice(0, 3).join('.')}.0/24`;
}

function ipv4Inside(address: IPv6): string | undefined {
  const bytes = IPV4_INSIDE[address.range()]?.(address.parts).flatMap((part) => [part >> 8, part & 0xff]);
  // No client has 0.x.x.x: this translator puts the IPv4 address elsewhere, as RFC 6052 allows within 64:ff9b:1::/48.
  return bytes?.[0] ? bytes.join('.') : undefined;
}

function hex(part: number): string {
  return part.toString(16);
}
