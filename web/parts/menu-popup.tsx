/** The open menu of a `MenuButton`. The focus returns to the button, unless the chosen item moved it. */
import { Menu } from '@base-ui/react/menu'
import type { RefObject } from 'react'
import { Icon } from './icon.tsx'
import type { MenuItem } from './menu-button.tsx'

type Props = {
  readonly items: readonly MenuItem[]
  readonly anchor: RefObject<HTMLButtonElement | null>
  readonly align: 'start' | 'end'
  readonly close: () => void
}

export function MenuPopup({ items, anchor, align, close }: Props) {
  return (
    <Menu.Root open modal={false} onOpenChange={(open) => !open && close()}>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" anchor={anchor} sideOffset={4} align={align}>
          <Menu.Popup className="menu" finalFocus={() => focusAfter(anchor.current)}>
            {items.map(({ name, icon, about, keyHint, isDisabled = false, run }) => (
              <Menu.Item
                key={name}
                className={about === undefined ? 'menu-item' : 'menu-item has-about'}
                disabled={isDisabled}
                onClick={run}
              >
                {icon && <Icon name={icon} />}
                <span className="menu-text">
                  <span>{name}</span>
                  {about !== undefined && <span className="faint">{about}</span>}
                </span>
                {keyHint !== undefined && <kbd>{keyHint}</kbd>}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** False leaves the focus where it is: something that the item opened has it. */
function focusAfter(button: HTMLElement | null): HTMLElement | boolean {
  const { activeElement } = document
  const hasMoved =
    activeElement !== null && activeElement !== document.body && !activeElement.closest('.menu')
  return hasMoved || !button?.isConnected ? false : button
}
