/**
 * What a step is: its code, the fields of its Action, or its text. Read-only; this is the place that an
 * editor of steps takes, while what the step did stays under it.
 */
import type { StepDefinition, StepRecord } from '../model/step-views.ts'
import { CodeView } from './code-view.tsx'

type Props = { readonly definition: StepDefinition; readonly error: StepRecord['error'] }

export function StepSource({ definition, error }: Props) {
  if (definition.type === 'webhook') return <WebhookSource definition={definition} />
  if (definition.type === 'note') return <p className="note-text">{definition.text}</p>
  const { name, code } = definition
  return <CodeView code={code} label={`Code of ${name}`} mark={error?.line ?? null} />
}

type Webhook = Extract<StepDefinition, { type: 'webhook' }>

function WebhookSource({ definition }: { readonly definition: Webhook }) {
  const { method = 'POST', url, payload, headers = {}, params = {}, auth, retry } = definition
  const fields: readonly (readonly [name: string, value: string])[] = [
    ...Object.entries(params).map(([name, value]) => ['param', `${name} = ${value}`] as const),
    ...Object.entries(headers).map(([name, value]) => ['header', `${name}: ${value}`] as const),
    ...(auth ? [['auth', auth.username] as const] : []),
    ...(retry === undefined ? [] : [['retry', JSON.stringify(retry)] as const]),
  ]
  return (
    <div className="webhook-source">
      <p className="start-line">
        <strong>{method}</strong> {url}
      </p>
      {fields.length > 0 && (
        <dl className="headers">
          {fields.map(([name, value], i) => (
            <div key={i}>
              <dt>{name}</dt> <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {payload !== undefined && (
        <CodeView code={payload} label={`Payload of ${definition.name}`} mark={null} />
      )}
    </div>
  )
}
