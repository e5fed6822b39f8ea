/**
 * Who may send events: anybody with the address, or who proves to know a variable of the account. What
 * is asked is saved with the other settings; the variable's value is set at once, drawn here and shown once.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { setVariable, variablesQuery } from '../api/operations.ts'
import { bearerLine, drawnSecret, signatureLines } from '../model/sender-lines.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { notifyProblem } from '../parts/notice.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'

type TriggerAuth = WorkflowWire['settings']['triggerAuth']
type Asked = NonNullable<TriggerAuth>

type Props = {
  readonly endpoint: string
  readonly auth: TriggerAuth
  readonly change: (auth: TriggerAuth) => void
}

const NAMES = { bearer: 'HOOK_TOKEN', signature: 'HOOK_SECRET' } as const
const asks = [
  [null, 'Anybody who knows the address'],
  ['bearer', 'Whoever sends a token'],
  ['signature', 'Whoever signs the request (Standard Webhooks)'],
] as const

export function TriggerAuthSection({ endpoint, auth, change }: Props) {
  const id = useId()
  const choose = (type: Asked['type'] | null): void =>
    change(type === null ? null : { type, variable: NAMES[type] })
  return (
    <section className="settings-part" aria-labelledby={id}>
      <h3 id={id}>Who may send events</h3>
      <div role="radiogroup" aria-labelledby={id}>
        {asks.map(([type, text]) => (
          <label key={text} className="check-line">
            <input
              type="radio"
              name={id}
              checked={(auth?.type ?? null) === type}
              onChange={() => choose(type)}
            />
            {text}
          </label>
        ))}
      </div>
      {auth && <Proof key={auth.type} endpoint={endpoint} auth={auth} change={change} />}
    </section>
  )
}

function Proof({ endpoint, auth, change }: Props & { readonly auth: Asked }) {
  const id = useId()
  const queries = useQueryClient()
  const { data } = useQuery(variablesQuery)
  const [isAsking, setAsking] = useState(false)
  const { type, variable } = auth
  const isSet = data?.some(({ name }) => name === variable) ?? false
  const draw = useMutation({
    mutationFn: async (name: string) => {
      const value = drawnSecret(type, crypto.getRandomValues(new Uint8Array(32)))
      await setVariable(name, value)
      return { name, value }
    },
    onSuccess: () => {
      setAsking(false)
      void queries.invalidateQueries({ queryKey: variablesQuery.queryKey })
    },
    onError: notifyProblem,
  })
  const drawn = draw.data?.name === variable ? draw.data.value : null
  const lines = type === 'bearer' ? bearerLine(endpoint, drawn) : signatureLines(endpoint, drawn)
  return (
    <>
      <div className="field">
        <label className="field-label" htmlFor={id}>
          {type === 'bearer' ? 'Variable that holds the token' : 'Variable that holds the secret'}
        </label>
        <input
          id={id}
          className="mono"
          list={`${id}-names`}
          required
          spellCheck={false}
          autoComplete="off"
          value={variable}
          onChange={({ target }) => change({ type, variable: target.value })}
        />
        <datalist id={`${id}-names`}>
          {data?.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      {data && variable !== '' && (
        <p className="setting-line">
          <span data-tone={isSet ? undefined : 'waiting'}>
            <code>{variable}</code>{' '}
            {isSet ? 'is set.' : 'is not set: until it is, every request is refused.'}
          </span>
          <button
            type="button"
            disabled={draw.isPending}
            onClick={() => (isSet ? setAsking(true) : draw.mutate(variable))}
          >
            {isSet ? 'Draw another value' : 'Draw a value'}
          </button>
        </p>
      )}
      {drawn !== null && <ShownOnce secret={drawn} what={`the value of ${variable}`} />}
      <p className="field-label">What senders send, once this is saved</p>
      <div className="command">
        <code className="command-lines">{lines}</code>
        <CopyButton text={lines} what="what senders send" />
      </div>
      {isAsking && (
        <ConfirmDialog
          title={`Replace the value of ${variable}?`}
          keep="Keep it"
          act="Replace"
          isRunning={draw.isPending}
          close={() => setAsking(false)}
          run={() => draw.mutate(variable)}
        >
          Senders that use the value of now are refused from then on, in every workflow that asks
          for this variable.
        </ConfirmDialog>
      )}
    </>
  )
}
