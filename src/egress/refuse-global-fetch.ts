/**
 * Makes sure that nothing leaves past the door: the process's own `fetch` is made to fail, and the
 * start is refused where certificates would not be checked.
 */
import { Dispatcher, setGlobalDispatcher } from 'undici'
import { AppError } from '../errors.ts'

class RefusingDispatcher extends Dispatcher {
  override dispatch(options: Dispatcher.DispatchOptions): boolean {
    throw new Error(
      `fetch of ${String(options.origin)} refused: outbound requests go through the egress guard`,
    )
  }
}

/** From now on every `fetch`, and undici request without a dispatcher of its own, rejects. */
export function refuseGlobalFetch(): void {
  setGlobalDispatcher(new RefusingDispatcher())
}

/** `value`: of NODE_TLS_REJECT_UNAUTHORIZED. Throws `setting_invalid` where it switches checking off. */
export function requireVerifiedTls(value: string | undefined): void {
  if (value === '0') {
    throw new AppError('setting_invalid', {
      name: 'NODE_TLS_REJECT_UNAUTHORIZED',
      expected: 'unset (certificates are always checked; add a CA with NODE_EXTRA_CA_CERTS)',
      actual: JSON.stringify(value),
    })
  }
}
