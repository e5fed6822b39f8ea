/**
 * What went wrong on the way to a connection, as an EgressError: one of SPEC section 5's codes, the
 * platform's own code as `detail`, and a sentence that tells a person what to do about it.
 */
import { withPort } from './address.ts'
import { EgressError, type Verdict } from './egress.ts'

type Cause = Error & { readonly code?: string }
type Place = { readonly host: string; readonly port: number }

/** Nothing to do with the destination: this machine has no socket, port or memory to give. */
const oursAlone: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'ENOBUFS',
  'ENOMEM',
])

export function blocked(verdict: Extract<Verdict, { kind: 'refused' }>): EgressError {
  return new EgressError('blocked', verdict.because, verdict.code)
}

/** The name servers' answers, told apart; `cause.code` is c-ares's. */
export function dnsError(name: string, cause: Cause): EgressError {
  const [detail, what] = dnsKinds[cause.code ?? ''] ?? ['dns_failed', `failed (${cause.code})`]
  const ours = detail === 'dns_unreachable' || oursAlone.has(cause.code ?? '')
  return new EgressError('dns', `Cannot resolve ${name}: ${what}`, detail, { cause, ours })
}

const dnsKinds: Readonly<Record<string, readonly [detail: string, what: string]>> = {
  ENOTFOUND: ['dns_nxdomain', 'no such name exists'],
  ENODATA: ['dns_empty', 'the name exists and has no address'],
  ESERVFAIL: ['dns_servfail', 'its name servers failed (SERVFAIL)'],
  EREFUSED: ['dns_refused', 'the name server refused the question'],
  EFORMERR: ['dns_formerr', 'its name servers did not understand the question (FORMERR)'],
  ENOTIMP: ['dns_notimp', 'its name servers do not answer such questions (NOTIMP)'],
  EBADRESP: ['dns_malformed', 'its name servers answered with something that is no answer'],
  ETIMEOUT: ['dns_timeout', 'the name servers did not answer in time'],
  ECONNREFUSED: ['dns_unreachable', "this machine's name server cannot be reached"],
}

/** A TCP connection that did not come about. */
export function socketError({ host, port }: Place, cause: Cause): EgressError {
  if (cause instanceof EgressError) return cause
  const detail = cause.code ?? 'unknown'
  const place = withPort(host, port)
  const ours = oursAlone.has(detail)
  if (ours)
    return new EgressError('connect_refused', `No socket to be had here (${detail})`, detail, {
      cause,
      ours,
    })
  const [code, what] = socketKinds[detail] ?? ['connect_refused', `failed (${detail})`]
  return new EgressError(code, `Cannot connect to ${place}: ${what}`, detail, { cause })
}

const socketKinds: Readonly<Record<string, readonly [code: EgressError['code'], what: string]>> = {
  ECONNREFUSED: ['connect_refused', 'nothing listens there'],
  EHOSTUNREACH: ['connect_refused', 'the host cannot be reached'],
  ENETUNREACH: ['connect_refused', 'no route leads to its network'],
  ETIMEDOUT: ['connect_timeout', 'it did not answer'],
  ECONNRESET: ['reset', 'it closed the connection at once'],
  EPIPE: ['reset', 'it closed the connection at once'],
}

/** A handshake that failed; for certificates the hint says who has to do what. */
export function tlsError(host: string, cause: Cause): EgressError {
  if (cause instanceof EgressError) return cause
  const detail = cause.code ?? 'unknown'
  const hint = tlsHints.find(([pattern]) => pattern.test(detail))?.[1] ?? cause.message
  return new EgressError('tls', `No secure connection to ${host}: ${hint}`, detail, { cause })
}

const tlsHints: readonly (readonly [code: RegExp, hint: string])[] = [
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired and must be renewed there'],
  [/^CERT_NOT_YET_VALID$/, "its certificate is not valid yet; check both machines' clocks"],
  [/^CERT_REVOKED$/, 'its certificate was revoked'],
  [/ALTNAME_INVALID$/, 'its certificate is for another name; check the host in the URL'],
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
    'its certificate is self-signed; a trusted one is needed, or its CA in NODE_EXTRA_CA_CERTS',
  ],
  [
    /^UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)/,
    'its certificate was issued by an authority unknown here, or it sends no intermediate certificate',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/,
    'it does not speak TLS on this port; is it meant to be http://?',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    'it offers only TLS versions before 1.2, which are no longer safe',
  ],
  [/NO_APPLICATION_PROTOCOL/, 'it speaks HTTP/2 only; HTTP/1.1 is needed'],
  [/CERTIFICATE_REQUIRED|BAD_CERTIFICATE/, 'it asks for a client certificate'],
  [
    /HANDSHAKE_FAILURE|NO_SHARED_CIPHER/,
    'no cipher is common, or it asks for a client certificate',
  ],
  [/UNRECOGNIZED_NAME/, 'it knows no site of this name'],
  [/^ECONNRESET$|^EPIPE$/, 'it closed the connection during the TLS handshake'],
]
