/** What can be done with a step as a whole. Nothing here asks: a deleted step leaves an Undo behind. */
import { withDuplicate, withMoved } from '../model/draft.ts'
import type { DraftStep } from '../model/draft.ts'
import { Icon } from '../parts/icon.tsx'
import { MenuButton } from '../parts/menu-button.tsx'
import { useDraftStore } from './use-editor.ts'

type Props = {
  readonly step: DraftStep
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly rename: () => void
}

export function StepMenu({ step, isFirst, isLast, rename }: Props) {
  const store = useDraftStore()
  const { key, name } = step
  const move = (by: 1 | -1) => (): void => store.change((draft) => withMoved(draft, key, by))
  return (
    <MenuButton
      className="quiet card-menu"
      label={`Actions of ${name}`}
      items={[
        { name: 'Rename', run: rename },
        { name: 'Move up', isDisabled: isFirst, run: move(-1) },
        { name: 'Move down', isDisabled: isLast, run: move(1) },
        {
          name: 'Duplicate',
          run: () => store.change((draft) => withDuplicate(draft, key)),
        },
        { name: 'Delete', run: () => store.remove(key) },
      ]}
    >
      <Icon name="more" />
    </MenuButton>
  )
}
