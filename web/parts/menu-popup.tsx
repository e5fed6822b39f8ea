/**
 * The open menu of a `MenuButton`. What was chosen is done once the menu is gone and the button has the
 * focus back, so that a dialog or a field which it opens can take the focus and keep it.
 */
import { Menu } from '@base-ui/react/menu'
import { useEffect, useRef } from 'react'
import type { RefObject } from 'react'
import { Icon } from './icon.tsx'
import type { MenuItem } from './menu-button.tsx'

type Props = {
  readonly items: readonly MenuItem[]
  readonly anchor: RefObject<HTMLButtonElement | null>
  readonly align: 'start' | 'end'
  /** It was opened by the keyboard, which goes on from the first item. */
  readonly byKeyboard: boolean
  readonly close: () => void
}

export function MenuPopup({ items, anchor, align, byKeyboard, close }: Props) {
  const popup = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!byKeyboard) return undefined
    const frame = requestAnimationFrame(() =>
      popup.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus(),
    )
    return () => cancelAnimationFrame(frame)
  }, [byKeyboard])
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      // They pass the focus on, so whoever hears the page meets them: they may not be hidden from them.
      for (const guard of document.querySelectorAll('[data-base-ui-focus-guard]')) {
        guard.removeAttribute('aria-hidden')
      }
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  // Not by the menu itself: it returns the focus a while after it has gone, when another has it.
  const leave = (): void => {
    anchor.current?.focus()
    close()
  }
  return (
    <Menu.Root open modal={false} onOpenChange={(open) => !open && leave()}>
      <Menu.Portal container={anchor.current?.closest<HTMLElement>('header, main') ?? null}>
        <Menu.Positioner
          className="menu-place"
          anchor={anchor}
          positionMethod="fixed"
          sideOffset={4}
          align={align}
        >
          <Menu.Popup ref={popup} className="menu" finalFocus={false}>
            {items.map(({ name, icon, about, keyHint, isDisabled = false, run }) => (
              <Menu.Item
                key={name}
                className={about === undefined ? 'menu-item' : 'menu-item has-about'}
                disabled={isDisabled}
                onClick={() => setTimeout(run)}
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
