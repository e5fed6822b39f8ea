/**
 * What surrounds every page inside: the palette and the list of shortcuts, over the page itself; they are loaded
 * when they are first asked for.
 */
import { Outlet } from '@tanstack/react-router'
import { Suspense, useEffect, useLayoutEffect, useState } from 'react'
import { useKeys } from '../parts/keys.ts'
import { lazyPart } from '../parts/lazy-part.tsx'
import { FootBar } from './foot-bar.tsx'
import { setSessionEnded, useSessionEnded } from './session-end.ts'
import { ShellContext } from './shell-context.ts'

const Palette = lazyPart(async () => (await import('./palette.tsx')).Palette)
const ShortcutsDialog = lazyPart(
  async () => (await import('./shortcuts-dialog.tsx')).ShortcutsDialog,
)

const SignInAgain = lazyPart(async () => (await import('./sign-in-again.tsx')).SignInAgain)

export function Shell() {
  const [dialog, setDialog] = useState<'palette' | 'shortcuts' | null>(null)
  useKeys({ '?': () => setDialog('shortcuts') })
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.shiftKey)
        return
      event.preventDefault()
      setDialog((open) => (open === 'palette' ? null : 'palette'))
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
  const close = () => setDialog(null)
  const hasEnded = useSessionEnded()
  // Whoever comes in has just been asked for the session.
  useEffect(() => setSessionEnded(false), [])
  return (
    <ShellContext value={{ openPalette: () => setDialog('palette') }}>
      <div className="shell">
        <button type="button" className="skip" onClick={goToContent}>
          Skip to content
        </button>
        <Outlet />
        <FootBar />
      </div>
      <Suspense>
        {dialog === 'palette' && (
          <Palette close={close} showShortcuts={() => setDialog('shortcuts')} />
        )}
        {dialog === 'shortcuts' && <ShortcutsDialog close={close} />}
        {hasEnded && <SignInAgain />}
      </Suspense>
    </ShellContext>
  )
}

/** Past the ways between pages, for who goes by Tab. */
function goToContent(): void {
  const main = document.querySelector('main')
  main?.setAttribute('tabindex', '-1')
  main?.focus()
}
