/** A button that opens a menu. The menu itself is loaded when somebody is about to open the first one. */
import { Suspense, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import type { Icon } from './icon.tsx'
import { lazyPart } from './lazy-part.tsx'

export type MenuItem = {
  readonly name: string
  readonly icon?: Parameters<typeof Icon>[0]['name']
  /** A second, fainter line. */
  readonly about?: string
  /** The key that does the same. */
  readonly keyHint?: string
  readonly isDisabled?: boolean
  readonly run: () => void
}

type Props = {
  readonly items: readonly MenuItem[]
  readonly children: ReactNode
  /** What the button is called where its content is no text. */
  readonly label?: string
  readonly className?: string
  readonly align?: 'start' | 'end'
  readonly isDisabled?: boolean
}

const load = () => import('./menu-popup.tsx')
/** Whether it came is seen when it is opened. */
const expect = (): void => void load().catch(() => undefined)
const MenuPopup = lazyPart(async () => (await load()).MenuPopup)

export function MenuButton(props: Props) {
  const { items, children, label, className = '', align = 'end', isDisabled = false } = props
  const button = useRef<HTMLButtonElement>(null)
  const [opened, setOpened] = useState<'pointer' | 'keyboard' | null>(null)
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-haspopup="menu"
        aria-expanded={opened !== null}
        aria-label={label}
        title={label}
        disabled={isDisabled}
        onPointerEnter={expect}
        onFocus={expect}
        // A click that a key made has no count.
        onClick={({ detail }) => setOpened(opened ? null : detail === 0 ? 'keyboard' : 'pointer')}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return
          event.preventDefault()
          setOpened('keyboard')
        }}
      >
        {children}
      </button>
      <Suspense>
        {opened && (
          <MenuPopup
            items={items}
            anchor={button}
            align={align}
            byKeyboard={opened === 'keyboard'}
            close={() => setOpened(null)}
          />
        )}
      </Suspense>
    </>
  )
}
