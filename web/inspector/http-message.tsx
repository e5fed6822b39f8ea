/** A request or a response as it went over the wire: start line, headers, body. */
import type { AttemptWire, DeliveryWire } from '../../src/inspector/wire-event.ts'
import { bodyNote } from '../model/body-note.ts'
import { size } from '../model/quantity.ts'
import { BodyView } from './body-view.tsx'

type Headers = readonly (readonly [name: string, value: string])[]
type Response = NonNullable<AttemptWire['response']>

export function RequestMessage({ request }: { readonly request: DeliveryWire['request'] }) {
  const { method, url, headers, body, bodyEncoding, size: bytes } = request
  return (
    <div className="message">
      <p className="start-line">
        <strong>{method}</strong> {url}
      </p>
      <HeaderLines headers={headers} />
      {body === null ? (
        <p className="faint pane-note">No body</p>
      ) : (
        <BodyView body={{ body, bodyEncoding }} note={size(bytes)} />
      )}
    </div>
  )
}

export function ResponseMessage({ response }: { readonly response: Response }) {
  const { status, headers, body, bodyEncoding, size: bytes, sha256, redacted } = response
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  return (
    <div className="message">
      <p className="start-line">
        HTTP/1.1 <strong>{status}</strong>
        {type !== undefined && ` · ${type}`} · {size(bytes)}
      </p>
      <HeaderLines headers={headers} />
      {body === '' ? (
        <p className="faint pane-note">
          {redacted === 'withheld' ? bodyNote(response) : 'No body'}
        </p>
      ) : (
        <BodyView body={{ body, bodyEncoding }} note={bodyNote(response)} hash={sha256} />
      )}
    </div>
  )
}

function HeaderLines({ headers }: { readonly headers: Headers }) {
  return (
    <dl className="headers">
      {headers.map(([name, value], i) => (
        <div key={i}>
          <dt>{name}:</dt> <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
