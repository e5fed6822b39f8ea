export type { EventHandOver } from '../hand-over.ts'
