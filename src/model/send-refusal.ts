/** How a bad `$send.http` call is told: one TypeError in the step, naming the option. */

/** Throws `$send.http: "option" fault`. */
export function refuse(option: string, fault: string, cause?: unknown): never {
  throw new TypeError(`$send.http: "${option}" ${fault}`, cause === undefined ? {} : { cause })
}

/** Throws if there is a fault. */
export function refuseIf(option: string, fault: string | undefined): void {
  if (fault !== undefined) refuse(option, fault)
}
