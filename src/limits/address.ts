import ipaddr, { type IPv6 } from 'ipaddr.js';

/** The one group of all clients without a valid address. */
export const UNKNOWN_ADDRESS = 'unknown';

/** What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which belongs to one subscriber. */
export function addressGroup(ip: string | undefined): string {
  if (!ip || !ipaddr.isValid(ip)) return UNKNOWN_ADDRESS;
  const address = ipaddr.process(ip); // unwraps ::ffff:192.0.2.1
  if (address.kind() === 'ipv4') return address.toString();
  return `${(address as IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
