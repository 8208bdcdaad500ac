import { addressGroup, addressNetwork } from '../../src/utils/address-group';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['203.0.113.1:5101', '203.0.113.1'],
  ['[2001:db8:1:2::1]:443', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
  ['[fe80::1%eth0]:443', 'fe80:0:0:0::/64'],
  ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:443', '2001:db8:1:2::/64'],
])('%s counts as %s', (ip, group) => {
  expect(addressGroup(ip)).toBe(group);
});

test.each([
  // NAT64, with the well-known prefix and with a local one
  ['64:ff9b::192.0.2.1', '192.0.2.1'],
  ['64:ff9b::c000:201', '192.0.2.1'],
  ['[64:FF9B::c000:201]:443', '192.0.2.1'],
  ['64:ff9b::ffff:ffff', '255.255.255.255'],
  ['64:ff9b:1:fffe::192.0.2.1', '192.0.2.1'],
  ['64:ff9b:1::192.0.2.1', '192.0.2.1'],
  ['64:ff9b:1:ffff:ffff:ffff:192.0.2.1', '192.0.2.1'],
  // SIIT
  ['::ffff:0:192.0.2.1', '192.0.2.1'],
  ['::ffff:0:c000:201%eth0', '192.0.2.1'],
  // 6to4: all addresses of one site
  ['2002:c000:201::1', '192.0.2.1'],
  ['2002:c000:201:ffff:1:2:3:4', '192.0.2.1'],
  // Teredo: all clients of one server have the same /64, and the port changes
  ['2001:0:4136:e378:8000:63bf:3fff:fdfe', '192.0.2.1'],
  ['2001::4136:e378:0:1:3fff:fdfe', '192.0.2.1'],
  ['2001:0:5ef5:79fb:8000:63bf:3fff:fdfd', '192.0.2.2'],
])('%s counts as the IPv4 address %s inside it', (ip, ipv4) => {
  expect(addressGroup(ip)).toBe(ipv4);
});

test.each([
  ['64:ff9a::192.0.2.1', '64:ff9a:0:0::/64'],
  ['64:ff9b:0:1::192.0.2.1', '64:ff9b:0:1::/64'],
  ['64:ff9b::1:192.0.2.1', '64:ff9b:0:0::/64'],
  ['64:ff9b:2::192.0.2.1', '64:ff9b:2:0::/64'],
  ['65:ff9b::192.0.2.1', '65:ff9b:0:0::/64'],
  // A translator with the prefix 64:ff9b:1::/48, which puts 192.0.2.1 behind the prefix
  ['64:ff9b:1:c000:2:100::', '64:ff9b:1:c000::/64'],
  ['::fffe:0:192.0.2.1', '0:0:0:0::/64'],
  ['::ffff:1:192.0.2.1', '0:0:0:0::/64'],
  ['1::ffff:0:192.0.2.1', '1:0:0:0::/64'],
  ['2003:c000:201::1', '2003:c000:201:0::/64'],
  ['2001:1:4136:e378:8000:63bf:3fff:fdfe', '2001:1:4136:e378::/64'],
  ['2001:db8:4136:e378:8000:63bf:3fff:fdfe', '2001:db8:4136:e378::/64'],
])('%s has no IPv4 address inside, and counts as %s', (ip, group) => {
  expect(addressGroup(ip)).toBe(group);
});

test.each([
  undefined,
  '',
  'garbage',
  '999.0.2.1',
  '192.0.2.1:http',
  '192.0.2.1:800000',
  '[::1',
  '[::1]443',
  '192.0.2.1%eth0',
  '::g',
  '192.0.2.1, 192.0.2.2',
  '\0',
])('%j counts as no address, and all such clients share one count', (ip) => {
  expect(addressGroup(ip)).toBe('unknown');
});

test.each([
  ['192.0.2.1', '192.0.2.0/24'],
  ['::ffff:192.0.2.200', '192.0.2.0/24'],
  ['64:ff9b::192.0.2.1', '192.0.2.0/24'],
  ['203.0.113.1:5101', '203.0.113.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['an address', undefined],
  [undefined, undefined],
])('the network of %s is %s', (ip, network) => {
  expect(addressNetwork(addressGroup(ip))).toBe(network);
});
