/**
 * A line of text in which `{{expression}}` is replaced, as a combobox: between braces it offers the paths of
 * the selected event with their values, exports of earlier steps and variables. Braces close themselves.
 *
 * What is chosen goes in as if it was typed, so that the browser's undo knows it.
 */
import { useEffect, useId, useRef, useState } from 'react'
import type { ComponentProps, KeyboardEvent } from 'react'
import type { Choice, Scope } from '../model/complete.ts'
import { expressionBefore } from '../model/template-place.ts'

type Props = Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'role'> & {
  readonly value: string
  readonly scope: Scope
  readonly change: (value: string) => void
}

export function TemplateInput({ value, scope, change, ...rest }: Props) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  /** Where the cursor stands while something is offered; null while nothing is. */
  const [cursor, setCursor] = useState<number | null>(null)
  const [at, setAt] = useState(0)
  const complete = useComplete(cursor !== null)
  const found = cursor === null ? null : (complete?.(value, cursor, scope) ?? null)
  const choices = found?.choices ?? []
  const active = choices[Math.min(at, choices.length - 1)]
  const offer = (element: HTMLInputElement): void => {
    setCursor(element.selectionStart)
    setAt(0)
  }
  const choose = ({ apply, back }: Choice): void => {
    const element = input.current
    if (!element || !found || cursor === null) return
    const closed = apply.endsWith(']') ? closedBehind(value, cursor) : 0
    typeOver(element, found.from - back, cursor + closed, apply)
    offer(element)
  }
  const press = (event: KeyboardEvent<HTMLInputElement>): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (event.key === ' ' && event.ctrlKey) offer(event.currentTarget)
    else if (event.key === '}' && isClosed(event.currentTarget)) skip(event.currentTarget)
    else if (!active) {
      // As in a code field, arrows move; only between braces the one down asks for what fits.
      if (event.key !== 'ArrowDown' || !isWithin(event.currentTarget)) return
      offer(event.currentTarget)
    } else if (step !== 0)
      setAt((choices.length + Math.min(at, choices.length - 1) + step) % choices.length)
    else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) choose(active)
    else if (event.key === 'Escape') setCursor(null)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="template">
      <input
        {...rest}
        ref={input}
        type="text"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={active !== undefined}
        aria-controls={active && id}
        aria-activedescendant={active && `${id}-${choices.indexOf(active)}`}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={({ target, nativeEvent }) => {
          change(target.value)
          offer(target)
          if (isOpened(target, nativeEvent)) closeBraces(target)
        }}
        onSelect={({ currentTarget }) => cursor !== null && setCursor(currentTarget.selectionStart)}
        onBlur={() => setCursor(null)}
        onKeyDown={press}
      />
      {active && (
        <ul
          id={id}
          ref={intoView}
          role="listbox"
          aria-label="What can stand here"
          className="template-list"
        >
          {choices.map((choice, i) => (
            <li
              key={choice.label}
              id={`${id}-${i}`}
              role="option"
              aria-selected={choice === active}
              ref={choice === active ? intoView : undefined}
              // The field keeps the focus.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(choice)}
            >
              <span className="template-name">{choice.label}</span>
              <span className="template-detail">{choice.detail}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

type Complete = typeof import('../model/template-complete.ts').templateChoices

/** What knows the choices is loaded when the first is wanted. */
function useComplete(isWanted: boolean): Complete | null {
  const [complete, setComplete] = useState<Complete | null>(null)
  useEffect(() => {
    if (!isWanted) return
    import('../model/template-complete.ts').then(
      ({ templateChoices }) => setComplete(() => templateChoices),
      // Without choices the field is a field.
      () => undefined,
    )
  }, [isWanted])
  return complete
}

const intoView = (element: HTMLElement | null): void =>
  element?.scrollIntoView({ block: 'nearest' })

const isWithin = ({ value, selectionStart }: HTMLInputElement): boolean =>
  expressionBefore(value, selectionStart ?? 0) !== null

/** As a person would, whom the browser lets undo it. */
function typeOver(element: HTMLInputElement, from: number, to: number, text: string): void {
  element.setSelectionRange(from, to)
  document.execCommand('insertText', false, text)
}

/** The second brace was just typed, with nothing to close it. */
function isOpened({ value, selectionStart }: HTMLInputElement, event: Event): boolean {
  const at = selectionStart ?? 0
  const isTyped =
    event instanceof InputEvent && event.inputType === 'insertText' && event.data === '{'
  return isTyped && value.slice(at - 2, at) === '{{' && !value.startsWith('}}', at)
}

/** After this change is drawn: a change within a change would be lost. */
function closeBraces(element: HTMLInputElement): void {
  queueMicrotask(() => {
    const at = element.selectionStart ?? 0
    typeOver(element, at, at, '}}')
    element.setSelectionRange(at, at)
  })
}

const isClosed = (element: HTMLInputElement): boolean =>
  isWithin(element) && element.value.startsWith('}', element.selectionStart ?? 0)

function skip(element: HTMLInputElement): void {
  const at = (element.selectionStart ?? 0) + 1
  element.setSelectionRange(at, at)
}

/** A quote and bracket that stand there already. */
const closedBehind = (text: string, at: number): number =>
  /^["']?\]/.exec(text.slice(at, at + 2))?.[0].length ?? 0
