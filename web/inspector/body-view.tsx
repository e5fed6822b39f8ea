/** A body in the way a reader chooses: pretty, raw or hex. A long one is shown from its beginning. */
import { useMemo, useState } from 'react'
import { bodyModes, bodyText, MOST, moreThan, SHOWN } from '../model/body-view.ts'
import type { Body, BodyMode } from '../model/body-view.ts'
import { count, size } from '../model/quantity.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Segments } from '../parts/segments.tsx'

type Props = { readonly body: Body; readonly note: string; readonly hash?: string }

export function BodyView({ body: { body: content, bodyEncoding }, note, hash }: Props) {
  const body = useMemo(() => ({ body: content, bodyEncoding }), [content, bodyEncoding])
  const modes = useMemo(() => bodyModes(body), [body])
  const [wanted, setWanted] = useState<BodyMode | null>(null)
  const [limit, setLimit] = useState(SHOWN)
  const mode = modes.find((known) => known === wanted) ?? modes[0]!
  const { text, left } = useMemo(() => bodyText(body, mode, limit), [body, mode, limit])
  const rest = mode === 'hex' ? size(left) : `${count(left)} characters`
  return (
    <div className="body">
      <div className="body-line">
        <Segments label="View of the body" options={modes} value={mode} choose={setWanted} />
        <CopyButton
          text={() => bodyText(body, mode, Number.POSITIVE_INFINITY).text}
          what="the body"
        />
        <span className="faint">{note}</span>
        {hash !== undefined && (
          <span className="faint hash" title={`SHA-256 ${hash}`}>
            SHA-256 {hash.slice(0, 8)}…
          </span>
        )}
      </div>
      <pre className="body-text" tabIndex={0} aria-label="Body">
        {text}
      </pre>
      {left > 0 &&
        (limit < MOST ? (
          <button type="button" className="link" onClick={() => setLimit(moreThan(limit))}>
            Show more of the {rest} left
          </button>
        ) : (
          <p className="faint pane-note">{rest} are left: copy the body to see them.</p>
        ))}
    </div>
  )
}
