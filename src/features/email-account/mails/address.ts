/** What separates, groups or names addresses in a header (RFC 5322 §3.4), or ends the header. */
const NO_PART_OF_ADDRESS = String.raw`\s\p{Cc}\p{Bidi_Control}\p{Cs}()<>\[\]:;@\\,"`;
const ONE_ADDRESS = new RegExp(`^(?!-)[^${NO_PART_OF_ADDRESS}]+@[^${NO_PART_OF_ADDRESS}]+$`, 'u');

/**
 * Whether a mail to this text goes to one mailbox, and adds neither a header nor an option of a command, whatever library sends it.
 * It doesn't say whether the address exists or is well-formed.
 */
export function isOneAddress(text: string): boolean {
  return ONE_ADDRESS.test(text);
}
