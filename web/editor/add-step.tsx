/** The + between two steps, and the kinds of steps it offers. */
import { withStep } from '../model/draft.ts'
import type { StepType } from '../model/draft.ts'
import { Icon } from '../parts/icon.tsx'
import { MenuButton } from '../parts/menu-button.tsx'
import { useDraftStore } from './use-editor.ts'

export const stepKinds = [
  ['code', 'Run Node.js code', 'code', 'JavaScript or TypeScript, any npm package'],
  ['webhook', 'Webhook', 'send', 'One request, by a form'],
  ['note', 'Note', 'note', 'Text for whoever reads this'],
] as const

/** `where` completes "Add a step ...". */
export function AddStep({ at, where }: { readonly at: number; readonly where: string }) {
  const add = useAdd(at)
  return (
    <MenuButton
      className="add-step"
      label={`Add a step ${where}`}
      align="start"
      items={stepKinds.map(([type, name, icon, about]) => ({ name, icon, about, run: add(type) }))}
    >
      <Icon name="plus" />
    </MenuButton>
  )
}

/** The same for a workflow without steps, where nothing else is to be done: all kinds at once. */
export function AddFirstStep() {
  const add = useAdd(0)
  return (
    <div className="first-step">
      <p>No steps yet: events are stored and do nothing.</p>
      <div className="first-kinds">
        {stepKinds.map(([type, name, icon, about]) => (
          <button key={type} type="button" onClick={add(type)}>
            <Icon name={icon} />
            <span className="menu-text">
              <span>{name}</span>
              <span className="faint">{about}</span>
            </span>
          </button>
        ))}
      </div>
    </div>
  )
}

function useAdd(at: number) {
  const store = useDraftStore()
  return (type: StepType) => (): void =>
    store.change((draft) => {
      const next = withStep(draft, at, type)
      store.focusNext = next.steps[at]!.key
      return next
    })
}
