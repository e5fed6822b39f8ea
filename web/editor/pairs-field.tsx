/** Names with values, one per line: headers and query parameters. */
import { useId, useRef } from 'react'
import type { Scope } from '../model/complete.ts'
import type { Pair } from '../model/draft.ts'
import { Icon } from '../parts/icon.tsx'
import { TemplateInput } from './template-input.tsx'

type Props = {
  readonly label: string
  /** One of them, as in "Add a header". */
  readonly noun: string
  readonly pairs: readonly Pair[]
  readonly problem?: string | undefined
  /** What `{{}}` in a value can name, where values are templates. */
  readonly scope?: Scope
  /** Whose values are not to be read over a shoulder. */
  readonly isSecret?: (name: string) => boolean
  readonly change: (pairs: readonly Pair[]) => void
}

const neverSecret = (): boolean => false

export function PairsField(props: Props) {
  const { label, noun, pairs, problem, scope, isSecret = neverSecret, change } = props
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const add = (): void => {
    change([...pairs, { name: '', value: '' }])
    requestAnimationFrame(() => {
      const inputs = list.current?.querySelectorAll<HTMLInputElement>('input[data-name]')
      inputs?.item(inputs.length - 1)?.focus()
    })
  }
  const set = (at: number, part: Partial<Pair>): void =>
    change(pairs.map((pair, i) => (i === at ? { ...pair, ...part } : pair)))
  return (
    <div className="field" role="group" aria-labelledby={id} ref={list}>
      <span className="field-label" id={id}>
        {label}
      </span>
      {pairs.map(({ name, value }, at) => (
        <div key={at} className="pair">
          <input
            data-name
            aria-label={`Name of ${noun} ${at + 1}`}
            placeholder="Name"
            className="mono"
            spellCheck={false}
            autoComplete="off"
            value={name}
            onChange={(event) => set(at, { name: event.target.value })}
          />
          {scope ? (
            <TemplateInput
              aria-label={`Value of ${noun} ${at + 1}`}
              placeholder="Value"
              className="mono"
              value={value}
              scope={scope}
              change={(text) => set(at, { value: text })}
            />
          ) : (
            <input
              aria-label={`Value of ${noun} ${at + 1}`}
              placeholder="Value"
              type={isSecret(name) ? 'password' : 'text'}
              className="mono"
              spellCheck={false}
              autoComplete="off"
              value={value}
              onChange={(event) => set(at, { value: event.target.value })}
            />
          )}
          <button
            type="button"
            className="quiet"
            aria-label={`Remove ${noun} ${at + 1}`}
            onClick={() => change(pairs.toSpliced(at, 1))}
          >
            <Icon name="cross" />
          </button>
        </div>
      ))}
      <button type="button" className="link" onClick={add}>
        Add {/^[aeiou]/.test(noun) ? 'an' : 'a'} {noun}
      </button>
      {problem !== undefined && <p className="field-problem">{problem}</p>}
    </div>
  )
}
