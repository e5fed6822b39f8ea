/** A test event, from scratch, from the selected event or from a sample, to be tried or sent for real. */
import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { useId, useMemo, useState } from 'react'
import type { EventDetailWire } from '../../src/inspector/wire-event.ts'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { eventQuery } from '../api/queries.ts'
import { isSecretName } from '../model/masked.ts'
import { count, size } from '../model/quantity.ts'
import { dropSample, keepSample, readSamples } from '../model/samples.ts'
import {
  bodyHint,
  EDITED,
  eventOfRequest,
  newRequest,
  requestOfEvent,
} from '../model/test-event.ts'
import type { TestRequest } from '../model/test-event.ts'
import { useBackCloses } from '../parts/back-closes.ts'
import { notify } from '../parts/notice.tsx'
import { PairsField } from './pairs-field.tsx'
import { useDraftStore, useEditor } from './use-editor.ts'
import { useTestRun } from './use-test-run.ts'

type Props = {
  readonly workflow: WorkflowWire
  readonly eventId: string | undefined
  readonly close: () => void
}

export function TestDialog({ workflow, eventId, close }: Props) {
  useBackCloses(close)
  const { data: detail, isLoading } = useQuery({
    ...eventQuery(eventId ?? ''),
    enabled: eventId !== undefined,
  })
  const usable = detail && !detail.error ? detail : null
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-form">
          <Dialog.Title className="dialog-title">Test event</Dialog.Title>
          {!isLoading && (
            <TestForm workflow={workflow} eventId={eventId} detail={usable} close={close} />
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

type FormProps = {
  readonly workflow: WorkflowWire
  readonly eventId: string | undefined
  readonly detail: EventDetailWire | null
  readonly close: () => void
}

/** Characters of a long body that are shown. */
const BEGINNING = 4_000
const NEW = 'new'
const SELECTED = 'selected'
const LEFT = 'left'

function TestForm({ workflow, eventId, detail, close }: FormProps) {
  const store = useDraftStore()
  const [left] = useState(store.leftTest)
  const isLeftHere = left !== null && left.eventId === eventId
  const [samples, setSamples] = useState(() => readSamples(localStorage, workflow.id))
  const [source, setSource] = useState(isLeftHere ? LEFT : detail ? SELECTED : NEW)
  const requestOf = (from: string): TestRequest => {
    if (from === LEFT && left) return left.request
    if (from === SELECTED && detail) return requestOfEvent(detail)
    return samples.find(({ name }) => `sample ${name}` === from)?.request ?? newRequest
  }
  const [request, setRequest] = useState(() => requestOf(source))
  const { dry, send, isRunning, problem } = useTestRun(workflow.id, { done: close })
  const isChanged = useEditor((state) => state.isChanged)
  const event = (): unknown => eventOfRequest(request)
  const choose = (next: string): void => {
    setSource(next)
    setRequest(requestOf(next))
  }
  const edit = (next: TestRequest): void => {
    setRequest(next)
    store.leftTest = { request: next, eventId }
  }
  const keep = (): void => {
    const name = `${request.method} ${request.path}`
    try {
      setSamples(keepSample(localStorage, workflow.id, { name, request }))
    } catch {
      // The browser grants a site a few megabytes.
      notify('Cannot keep the sample: the browser has no more room, delete another first', 'failed')
      return
    }
    setSource(`sample ${name}`)
    notify(`Kept as ${name}`)
  }
  const drop = (): void => {
    setSamples(dropSample(localStorage, workflow.id, source.slice('sample '.length)))
    choose(NEW)
  }
  return (
    <form
      className="form"
      onSubmit={(submitted) => {
        submitted.preventDefault()
        dry(event())
      }}
    >
      <div className="source-line">
        <label htmlFor="test-source">From</label>
        <select id="test-source" value={source} onChange={({ target }) => choose(target.value)}>
          {left && <option value={LEFT}>As you left it</option>}
          <option value={NEW}>A new request</option>
          {detail && <option value={SELECTED}>The selected event</option>}
          {samples.map(({ name }) => (
            <option key={name} value={`sample ${name}`}>
              Sample: {name}
            </option>
          ))}
        </select>
        {source.startsWith('sample ') ? (
          <button type="button" onClick={drop}>
            Delete sample
          </button>
        ) : (
          <button type="button" onClick={keep}>
            Keep as sample
          </button>
        )}
      </div>
      <RequestFields source={source} request={request} change={edit} />
      {problem !== null && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <p className="field-hint">
        {isChanged ? 'Runs your steps as they stand here, unsaved.' : 'Runs the saved steps.'} A dry
        run collects what they would send and sends nothing.
      </p>
      <div className="dialog-actions">
        <Dialog.Close>Close</Dialog.Close>
        <button type="button" disabled={isRunning} onClick={() => send(event())}>
          Send for real
        </button>
        <button type="submit" className="primary" disabled={isRunning}>
          Dry run
        </button>
      </div>
    </form>
  )
}

type FieldsProps = {
  /** Where the request was taken from. */
  readonly source: string
  readonly request: TestRequest
  readonly change: (request: TestRequest) => void
}

function RequestFields({ source, request, change }: FieldsProps) {
  const id = useId()
  const { method, path, headers, body } = request
  const hint = useMemo(() => bodyHint({ headers, body }), [headers, body])
  return (
    <>
      <div className="pair request-line">
        <input
          aria-label="Method"
          className="mono"
          spellCheck={false}
          value={method}
          onChange={({ target }) => change({ ...request, method: target.value })}
        />
        <input
          aria-label="Path and query"
          className="mono"
          spellCheck={false}
          value={path}
          onChange={({ target }) => change({ ...request, path: target.value })}
        />
      </div>
      <PairsField
        label="Headers"
        noun="header"
        pairs={headers}
        isSecret={isSecretName}
        change={(pairs) => change({ ...request, headers: pairs })}
      />
      <div className="field">
        <label className="field-label" htmlFor={id}>
          Body
        </label>
        <BodyField
          // Another request begins with its beginning again.
          key={source}
          id={id}
          body={body}
          hintId={hint === null ? undefined : `${id}-hint`}
          change={(text) => change({ ...request, body: { kind: 'text', text } })}
        />
        {hint !== null && (
          <p id={`${id}-hint`} className="field-hint" data-tone="waiting">
            {hint}
          </p>
        )}
      </div>
    </>
  )
}

type BodyProps = {
  readonly id: string
  readonly body: TestRequest['body']
  readonly hintId: string | undefined
  readonly change: (text: string) => void
}

/** Bytes cannot be edited; a long text is shown from its beginning until somebody wants to edit it. */
function BodyField({ id, body, hintId, change }: BodyProps) {
  const [isWanted, setWanted] = useState(body.kind === 'text' && body.text.length <= EDITED)
  if (body.kind === 'bytes') {
    return (
      <p id={id} className="faint">
        {size(body.size)} that are no text: sent as they are.
      </p>
    )
  }
  const text = isWanted ? body.text : body.text.slice(0, BEGINNING)
  return (
    <>
      <textarea
        id={id}
        className="mono"
        rows={Math.min(16, Math.max(5, text.split('\n', 16).length))}
        spellCheck={false}
        readOnly={!isWanted}
        value={text}
        aria-describedby={hintId}
        onChange={({ target }) => change(target.value)}
      />
      {!isWanted && (
        <p className="field-hint">
          The first {count(text.length)} of {count(body.text.length)} characters. All are sent.{' '}
          <button type="button" className="link" onClick={() => setWanted(true)}>
            Edit all of it
          </button>
        </p>
      )}
    </>
  )
}
