import { readAddress } from '../../../src/features/email-account/address';

test.each([
  'a@exa%6dple.com',
  'a@example.com#x',
  'a@example.com/x',
  'a@example.com?x',
  'a@example.com:25',
  'a@exam\tple.com',
  'a@127.1',
  'a@0x7f.1',
  'a@[127.0.0.1]',
  'a@example.com.',
  '"a b"@example.com',
  'a@b.example,c@d.example',
  'a@b@example.com',
])('%j is no address, and is not read as a similar one', (text) => {
  expect(readAddress(text)).toBeUndefined();
});

test.each([
  ['a@bücher.example', 'a@xn--bcher-kva.example'],
  ['a@XN--BCHER-KVA.Example', 'a@xn--bcher-kva.example'],
  ['üñí+x@example.com', 'üñí+x@example.com'],
  ['a@4chan.example', 'a@4chan.example'],
  ['a@例え。テスト', 'a@xn--r8jz45g.xn--zckzah'],
])('%j is read as %j', (text, address) => {
  expect(readAddress(text)).toBe(address);
});
