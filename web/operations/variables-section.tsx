/** The account's variables: set and removed here, and never shown again. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { ClipboardEvent } from 'react'
import { removeVariable, setVariable, variablesQuery } from '../api/operations.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { notify, notifyProblem } from '../parts/notice.tsx'
import { usePageActions } from '../parts/page-actions.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { RelativeTime } from '../parts/relative-time.tsx'
import { Skeleton } from '../parts/skeleton.tsx'

export function VariablesSection() {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(variablesQuery)
  const [leaving, setLeaving] = useState<string | null>(null)
  const again = () => queries.invalidateQueries({ queryKey: variablesQuery.queryKey })
  const remove = useMutation({
    mutationFn: removeVariable,
    onSuccess: () => {
      setLeaving(null)
      void again()
    },
    onError: notifyProblem,
  })
  return (
    <section aria-labelledby="variables">
      <h2 id="variables">Variables</h2>
      <p className="hint">
        Steps read them as <code>process.env.NAME</code>. Values are sealed, masked wherever they
        would show, and never given back.
      </p>
      {error && !data && <ProblemNote problem={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={2} />}
      {data && data.length > 0 && (
        <ul className="setting-list">
          {data.map(({ name, updatedAt }) => (
            <li key={name}>
              <code>{name}</code>
              <span className="faint">
                set <RelativeTime at={updatedAt} />
              </span>
              <button type="button" className="link" onClick={() => setLeaving(name)}>
                Remove<span className="visually-hidden"> {name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <VariableForm saved={again} />
      {leaving !== null && (
        <ConfirmDialog
          title={`Remove ${leaving}?`}
          keep="Keep it"
          act="Remove"
          isRunning={remove.isPending}
          close={() => setLeaving(null)}
          run={() => remove.mutate(leaving)}
        >
          Runs that begin from now on read it as undefined.
        </ConfirmDialog>
      )}
    </section>
  )
}

function VariableForm({ saved }: { readonly saved: () => Promise<void> }) {
  const id = useId()
  const [name, setName] = useState('')
  usePageActions(() => [
    {
      name: 'New variable',
      group: 'Settings',
      also: 'set create add env secret',
      run: () => document.getElementById(id)?.focus(),
    },
  ])
  const [value, setValue] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => setVariable(name.trim(), value),
    onSuccess: () => {
      notify(`Set ${name.trim()}`)
      setName('')
      setValue('')
      void saved()
    },
  })
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        mutate()
      }}
    >
      <label>
        Name
        <input
          id={id}
          value={name}
          required
          placeholder="API_KEY"
          spellCheck={false}
          autoComplete="off"
          onChange={({ target }) => setName(target.value)}
        />
      </label>
      <label className="wide">
        Value
        <SecretField value={value} change={setValue} />
      </label>
      <button type="submit" className="primary" disabled={isPending}>
        Set
      </button>
      {error && (
        <p className="field-problem" role="alert">
          {error.message}
        </p>
      )}
    </form>
  )
}

type SecretProps = { readonly value: string; readonly change: (value: string) => void }

/** A field of one line would take the line ends out of a key that is pasted: such a one gets a field of many. */
function SecretField({ value, change }: SecretProps) {
  const isLong = value.includes('\n')
  const paste = (event: ClipboardEvent<HTMLInputElement>): void => {
    const text = event.clipboardData.getData('text/plain').replaceAll(/\r\n?/g, '\n')
    if (!text.trimEnd().includes('\n')) return
    event.preventDefault()
    const { selectionStart, selectionEnd } = event.currentTarget
    change(value.slice(0, selectionStart ?? 0) + text + value.slice(selectionEnd ?? 0))
  }
  return isLong ? (
    <textarea
      className="secret-lines"
      rows={3}
      value={value}
      autoFocus
      spellCheck={false}
      autoComplete="off"
      onChange={({ target }) => change(target.value)}
    />
  ) : (
    <input
      type="password"
      value={value}
      spellCheck={false}
      autoComplete="new-password"
      onPaste={paste}
      onChange={({ target }) => change(target.value)}
    />
  )
}
