/**
 * The command palette: what can be done on the page that is open, then pages, workflows and what belongs to no
 * page, by name, with the keys that do the same.
 */
import { Dialog } from '@base-ui/react/dialog'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import type { KeyboardEvent } from 'react'
import { signOut, workflowsQuery } from '../api/queries.ts'
import { count } from '../model/quantity.ts'
import { matching } from '../model/palette.ts'
import type { Entry } from '../model/palette.ts'
import { useNewWorkflow } from '../editor/new-workflow.tsx'
import { useBackCloses } from '../parts/back-closes.ts'
import { notifyProblem } from '../parts/notice.tsx'
import { pageActions } from '../parts/page-actions.ts'
import { pages } from './main-nav.tsx'
import { applyTheme, themes } from './theme.ts'

type Action = Entry & { readonly keyHint?: string; readonly run: () => void }

type Props = {
  readonly close: () => void
  readonly showShortcuts: () => void
}

export function Palette({ close, showShortcuts }: Props) {
  useBackCloses(close)
  const [before] = useState(focused)
  const leave = (): void => {
    before?.focus()
    close()
  }
  // What was chosen is done once the palette is gone and the focus is back: it may take the focus itself.
  const choose = ({ run }: Action): void => {
    leave()
    setTimeout(run)
  }
  return (
    <Dialog.Root open onOpenChange={(open) => !open && leave()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog palette" aria-label="Command palette" finalFocus={false}>
          <PaletteList choose={choose} showShortcuts={showShortcuts} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Also within a shadow root, as a code editor's is. */
function focused(): HTMLElement | null {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element instanceof HTMLElement ? element : null
}

/** Hundreds of workflows and destinations are typed for, not scrolled to. */
const SHOWN = 100

type ListProps = Pick<Props, 'showShortcuts'> & { readonly choose: (action: Action) => void }

function PaletteList({ choose, showShortcuts }: ListProps) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const all = matching(useActions(showShortcuts), typed)
  const entries = all.slice(0, SHOWN)
  const active = entries[Math.min(at, entries.length - 1)]
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) setAt((entries.length + at + step) % Math.max(1, entries.length))
    else if (event.key === 'Enter' && active) choose(active)
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        className="palette-input"
        role="combobox"
        aria-label="Go to or do"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={active ? `${id}-${entries.indexOf(active)}` : undefined}
        placeholder="Go to a workflow, or do something"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <div id={id} role="listbox" aria-label="Matches" className="palette-list">
        {entries.map((entry, i) => (
          <div
            key={i}
            id={`${id}-${i}`}
            role="option"
            aria-selected={entry === active}
            ref={entry === active ? scrollIntoView : undefined}
            className="palette-option"
            onClick={() => choose(entry)}
          >
            <span className="palette-name" title={entry.name}>
              {entry.name}
            </span>
            <span className="palette-group">{entry.group}</span>
            {entry.keyHint !== undefined && <kbd>{entry.keyHint}</kbd>}
          </div>
        ))}
      </div>
      {all.length > SHOWN && (
        <p className="palette-none">And {count(all.length - SHOWN)} more: type to find them.</p>
      )}
      {entries.length === 0 && <p className="palette-none">Nothing is called that.</p>}
    </>
  )
}

const scrollIntoView = (element: HTMLElement | null): void =>
  element?.scrollIntoView({ block: 'nearest' })

function useActions(showShortcuts: () => void): readonly Action[] {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { data: workflows = [] } = useQuery(workflowsQuery)
  const { mutate: makeWorkflow } = useNewWorkflow()
  const [ofPage] = useState(pageActions)
  const leave = (): void => {
    signOut().then(() => {
      queries.clear()
      void navigate({ to: '/signin' })
    }, notifyProblem)
  }
  return [
    ...ofPage,
    { name: 'New workflow', group: 'Workflow', also: 'add create', run: () => makeWorkflow() },
    {
      name: 'Failed deliveries',
      group: 'Page',
      also: 'errors',
      run: () => void navigate({ to: '/deliveries', search: { status: 'failed' } }),
    },
    ...pages.map(({ to, name }) => ({ name, group: 'Page', run: () => void navigate({ to }) })),
    ...workflows.map(({ id, name }) => ({
      name,
      group: 'Workflow',
      run: () => void navigate({ to: '/workflows/$workflowId', params: { workflowId: id } }),
    })),
    ...themes.map((theme) => ({
      name: `Theme: ${theme}`,
      group: 'View',
      run: () => applyTheme(theme),
    })),
    { name: 'Keyboard shortcuts', group: 'View', keyHint: '?', run: showShortcuts },
    { name: 'Sign out', group: 'Session', run: leave },
  ]
}
