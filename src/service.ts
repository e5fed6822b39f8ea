/** A long-lived part of the program. `stop` waits until it is done, may come twice, and may come first. */
export interface Service {
  start(): Promise<void>
  stop(): Promise<void>
}
