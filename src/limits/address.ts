import ipaddr, { type IPv6 } from 'ipaddr.js';
import { plainAddress } from '../utils/address.js';

/** The one group of all clients without a valid address. */
export const UNKNOWN_ADDRESS = 'unknown';

/** What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which belongs to one subscriber. */
export function addressGroup(ip: string | undefined): string {
  const plain = ip && plainAddress(ip);
  if (!plain) return UNKNOWN_ADDRESS;
  const address = ipaddr.parse(plain);
  if (address.kind() === 'ipv4') return plain;
  return `${(address as IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
