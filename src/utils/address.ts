import { isIP } from 'node:net';
import ipaddr, { type IPv6 } from 'ipaddr.js';

/** `203.0.113.1:5101`, `[2001:db8::1]:443`, `[2001:db8::1]`: gateways add the port, and an IPv6 address then needs brackets. */
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;
const ZONE = /%.+$/;

/**
 * An address as it is compared and shown: without port, brackets and zone, and as IPv4 where it is one (`::ffff:192.0.2.1`). Undefined
 * for a text that is none.
 */
export function plainAddress(text: string): string | undefined {
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? [];
  const bare = ipv4 ?? ipv6 ?? text;
  if (isIP(bare) === 4) return bare;
  const address = bare.replace(ZONE, '');
  if (isIP(address) !== 6) return undefined;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : (parsed as IPv6).toRFC5952String();
}
