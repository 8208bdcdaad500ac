import { addressGroup } from '../../src/limits/address';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (ip, group) => {
  expect(addressGroup(ip)).toBe(group);
});

test.each([
  undefined,
  '',
  'garbage',
  '999.0.2.1',
  '192.0.2.1:80',
  '[::1]',
  '::g',
  '192.0.2.1, 192.0.2.2',
  '\0',
])('%j counts as no address, and all such clients share one count', (ip) => {
  expect(addressGroup(ip)).toBe('unknown');
});
