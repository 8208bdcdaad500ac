import { generateKeyPairSync } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';

const ISSUER = 'https://idp.example.com';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** The part of a SAML provider that a strategy sees: it answers a request with a signed response. */
export const samlProvider = {
  issuer: ISSUER,
  publicKey,
  /**
   * @param address to which the app has redirected the browser
   * @returns the form that the provider's page posts
   */
  answer(
    address: string,
    nameId: string,
    changes: { inResponseTo?: string; signed?: boolean } = {},
  ): URLSearchParams {
    const query = new URL(address).searchParams;
    const request = inflateRawSync(Buffer.from(query.get('SAMLRequest') ?? '', 'base64')).toString();
    const attribute = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(request)?.[1] ?? '';
    const xml = responseTo(
      changes.inResponseTo ?? attribute('ID'),
      attribute('AssertionConsumerServiceURL'),
      /<saml:Issuer[^>]*>([^<]*)</.exec(request)?.[1] ?? '',
      nameId,
    );
    const response = changes.signed === false ? xml : sign(sign(xml, 'Assertion'), 'Response');
    return new URLSearchParams({
      SAMLResponse: Buffer.from(response).toString('base64'),
      RelayState: query.get('RelayState') ?? '',
    });
  },
};

function responseTo(inResponseTo: string, destination: string, audience: string, nameId: string): string {
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const issuer = `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${ISSUER}</saml:Issuer>`;
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" IssueInstant="${at(0)}"
    Destination="${destination}" InResponseTo="${inResponseTo}">${issuer}<samlp:Status><samlp:StatusCode
    Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion
    xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a1" Version="2.0" IssueInstant="${at(0)}">${issuer}<saml:Subject><saml:NameID
    Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${nameId}</saml:NameID><saml:SubjectConfirmation
    Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${at(300)}"
    Recipient="${destination}" InResponseTo="${inResponseTo}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions
    NotBefore="${at(-60)}" NotOnOrAfter="${at(300)}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience>
    </saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}"><saml:AuthnContext>
    <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
    </saml:AuthnStatement></saml:Assertion></samlp:Response>`;
}

function sign(xml: string, element: 'Assertion' | 'Response'): string {
  const signer = new SignedXml({
    privateKey,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  });
  signer.addReference({
    xpath: `//*[local-name(.)='${element}']`,
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: [
      'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
      'http://www.w3.org/2001/10/xml-exc-c14n#',
    ],
  });
  const reference = `//*[local-name(.)='${element}']/*[local-name(.)='Issuer']`;
  signer.computeSignature(xml, { location: { reference, action: 'after' } });
  return signer.getSignedXml();
}
