/**
 * Decides where a 3xx leads, for sends that asked to follow redirects. Each hop is a new request and
 * goes through the guard like the first.
 *
 * Invariant: to another origin, nothing of the user's own headers goes along but Accept and
 * Content-Type; never from https to http; the whole chain shares the attempt's one deadline.
 */
import type { CapturedResponse } from '../model/delivery.ts'
import { limits } from '../model/limits.ts'
import { DeliveryFault } from './fault.ts'
import type { OutgoingRequest } from './request.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const TRAVELLING: ReadonlySet<string> = new Set(['accept', 'content-type'])

/**
 * The next request, or null where the response is final: it is no redirect, names no place, or the
 * send does not follow. `hop` counts redirects followed so far. Throws a `DeliveryFault` (`redirect`).
 */
export function redirectOf(
  request: OutgoingRequest,
  response: CapturedResponse,
  hop: number,
  followRedirects: number,
): OutgoingRequest | null {
  if (followRedirects === 0 || !REDIRECTS.has(response.status)) return null
  const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
  if (!location) return null
  if (hop >= followRedirects)
    refuse('too_many_redirects', `it leads on after ${followRedirects} hops, the most it may take`)

  const url = placeOf(location, request.url)
  const sameOrigin = url.origin === request.url.origin
  const turnsToGet =
    response.status === 303
      ? !['GET', 'HEAD'].includes(request.method)
      : response.status < 303 && request.method === 'POST'
  return {
    ...request,
    url,
    ...(turnsToGet && { method: 'GET', body: null }),
    ownHeaders: request.ownHeaders.filter(([name]) => {
      const lower = name.toLowerCase()
      return (sameOrigin || TRAVELLING.has(lower)) && !(turnsToGet && lower.startsWith('content-'))
    }),
  }
}

function placeOf(location: string, base: URL): URL {
  if (location.length > limits.sendUrlBytes) {
    refuse('bad_location', `its Location is over ${limits.sendUrlBytes} characters`)
  }
  const url = URL.canParse(location, base)
    ? new URL(location, base)
    : refuse('bad_location', 'its Location is no URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    refuse(
      'redirect_scheme',
      `its Location has the scheme ${url.protocol} and only http and https are followed`,
    )
  }
  if (url.username || url.password) refuse('bad_location', 'its Location holds credentials')
  if (base.protocol === 'https:' && url.protocol === 'http:')
    refuse('redirect_downgrade', 'it leads from https to http')
  url.hash = ''
  return url
}

function refuse(detail: string, why: string): never {
  throw new DeliveryFault('redirect', detail, `Cannot follow the redirect: ${why}`)
}
