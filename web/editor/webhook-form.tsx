/** The Action as a form: URL and Payload first, the rest in a fold. */
import { useEffect, useId, useState } from 'react'
import { plural } from '../model/quantity.ts'
import type { DraftWebhook } from '../model/draft.ts'
import type { Scope } from '../model/complete.ts'
import type { StepProblemWire } from '../../src/inspector/wire-workflow.ts'
import { CodeEditor } from './code-editor.tsx'
import { MoreFold } from './more-fold.tsx'
import { PairsField } from './pairs-field.tsx'
import { TemplateInput } from './template-input.tsx'
import { useDraftStore } from './use-editor.ts'

type Props = {
  readonly step: DraftWebhook
  readonly scope: Scope
  readonly problems: readonly StepProblemWire[]
}

const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE', 'HEAD', 'OPTIONS']

export function WebhookForm({ step, scope, problems }: Props) {
  const store = useDraftStore()
  const { key, name, payload } = step
  const inField = (field: string) => problems.find((problem) => problem.field === field)
  const inPayload = problems.filter(({ field }) => field === 'payload')
  return (
    <div className="form">
      <UrlField step={step} scope={scope} problem={inField('url')?.message} />
      <div className="field">
        <span className="field-label">Payload</span>
        <CodeEditor
          place={`${key} payload`}
          text={payload}
          label={`Payload of ${name}`}
          hint="$event.body"
          marks={inPayload.map(({ message, line, column }) => ({
            message,
            line,
            column,
            severity: 'error',
          }))}
          scope={scope}
          change={(text) => store.changeStep(key, { payload: text })}
        />
        <p className="field-hint">
          An expression over <code>$event</code>, <code>steps</code> and <code>process.env</code>.
          With <code>undefined</code> nothing is sent for the event.
        </p>
      </div>
      <MoreFold hint={hintOf(step)} isNeeded={problems.some(({ field }) => isFolded(field))}>
        <More step={step} scope={scope} inField={(field) => inField(field)?.message} />
      </MoreFold>
    </div>
  )
}

const isFolded = (field: string | null): boolean =>
  field !== null && field !== 'url' && field !== 'payload'

function hintOf({ method, headers, params, username, retry }: DraftWebhook): string {
  return [
    method || 'POST',
    ...(username === '' ? [] : ['auth']),
    ...(params.length === 0 ? [] : [plural(params.length, 'query parameter')]),
    ...(headers.length === 0 ? [] : [plural(headers.length, 'header')]),
    ...(retry === undefined || retry === false ? [] : ['retries']),
  ].join(' · ')
}

type UrlProps = {
  readonly step: DraftWebhook
  readonly scope: Scope
  readonly problem: string | undefined
}

function UrlField({ step, scope, problem }: UrlProps) {
  const store = useDraftStore()
  const id = useId()
  const [isNew] = useState(() => store.focusNext === step.key)
  useEffect(() => {
    if (isNew) store.focusNext = null
  }, [store, isNew])
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        URL
      </label>
      <TemplateInput
        id={id}
        className="mono"
        inputMode="url"
        placeholder="https://example.com/orders/{{$event.body.id}}"
        autoFocus={isNew}
        value={step.url}
        scope={scope}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        change={(url) => store.changeStep(step.key, { url })}
      />
      {problem !== undefined && (
        <p id={`${id}-problem`} className="field-problem">
          {problem}
        </p>
      )}
    </div>
  )
}

type MoreProps = {
  readonly step: DraftWebhook
  readonly scope: Scope
  readonly inField: (field: string) => string | undefined
}

function More({ step, scope, inField }: MoreProps) {
  const store = useDraftStore()
  const id = useId()
  const { key, method, headers, params, username, password, retry } = step
  const set = (change: Partial<DraftWebhook>): void => store.changeStep(key, change)
  return (
    <>
      <div className="field">
        <label className="field-label" htmlFor={`${id}-method`}>
          Method
        </label>
        <input
          id={`${id}-method`}
          list={`${id}-methods`}
          className="mono method-input"
          spellCheck={false}
          autoComplete="off"
          value={method}
          aria-invalid={inField('method') !== undefined}
          onChange={(event) => set({ method: event.target.value })}
        />
        <datalist id={`${id}-methods`}>
          {METHODS.map((known) => (
            <option key={known} value={known} />
          ))}
        </datalist>
        {inField('method') !== undefined && <p className="field-problem">{inField('method')}</p>}
      </div>
      <div className="field" role="group" aria-labelledby={`${id}-auth`}>
        <span className="field-label" id={`${id}-auth`}>
          Basic auth
        </span>
        <div className="pair">
          <TemplateInput
            aria-label="Username"
            placeholder="Username"
            value={username}
            scope={scope}
            change={(text) => set({ username: text })}
          />
          <TemplateInput
            aria-label="Password"
            placeholder="Password, or {{process.env.NAME}}"
            value={password}
            scope={scope}
            change={(text) => set({ password: text })}
          />
        </div>
        {inField('auth') !== undefined && <p className="field-problem">{inField('auth')}</p>}
      </div>
      <PairsField
        label="Query parameters"
        noun="parameter"
        pairs={params}
        scope={scope}
        problem={inField('params')}
        change={(pairs) => set({ params: pairs })}
      />
      <PairsField
        label="Headers"
        noun="header"
        pairs={headers}
        scope={scope}
        problem={inField('headers')}
        change={(pairs) => set({ headers: pairs })}
      />
      <RetryField retry={retry} change={(next) => set({ retry: next })} />
    </>
  )
}

type RetryProps = {
  readonly retry: DraftWebhook['retry']
  readonly change: (retry: DraftWebhook['retry']) => void
}

/** On or off; a schedule of somebody's own was made by the API, and is kept while it stays on. */
function RetryField({ retry, change }: RetryProps) {
  const own = typeof retry === 'object' ? retry : null
  return (
    <label className="check-line">
      <input
        type="checkbox"
        checked={retry !== undefined && retry !== false}
        onChange={(event) => change(event.target.checked ? (own ?? true) : undefined)}
      />
      <span>
        Retry after network errors, 408, 425, 429 and 5xx{' '}
        {own && <span className="faint mono">{JSON.stringify(own)}</span>}
      </span>
    </label>
  )
}
