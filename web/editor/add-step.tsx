/** The + between two steps, and the kinds of steps it offers. */
import { withStep } from '../model/draft.ts'
import type { StepType } from '../model/draft.ts'
import { Icon } from '../parts/icon.tsx'
import { MenuButton } from '../parts/menu-button.tsx'
import { useDraftStore } from './use-editor.ts'

/** `where` completes "Add a step ...". */
export function AddStep({ at, where }: { readonly at: number; readonly where: string }) {
  const store = useDraftStore()
  const add = (type: StepType) => (): void =>
    store.change((draft) => {
      const next = withStep(draft, at, type)
      store.focusNext = next.steps[at]!.key
      return next
    })
  return (
    <MenuButton
      className="add-step"
      label={`Add a step ${where}`}
      align="start"
      items={[
        {
          name: 'Run Node.js code',
          icon: 'code',
          about: 'JavaScript or TypeScript, any npm package',
          run: add('code'),
        },
        { name: 'Webhook', icon: 'send', about: 'One request, by a form', run: add('webhook') },
        { name: 'Note', icon: 'note', about: 'Text for whoever reads this', run: add('note') },
      ]}
    >
      <Icon name="plus" />
    </MenuButton>
  )
}
